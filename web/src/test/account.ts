/** A stand-in for the account's routes: answers by table, keeps what it was asked. */
import { vi } from 'vitest';
import type { User } from '../account/api';
import { OWN } from './chat';

export const ANN: User = {
  id: 5,
  shortId: 'aaaaaaaaaaa',
  telegramId: null,
  telegramLinked: true,
  email: null,
  emailVerified: false,
  username: 'user_aaaaaaaaaaa',
  firstName: null,
  lastName: null,
  first_name: null,
  last_name: null,
  isActive: true,
  roles: ['user'],
  language: 'en',
  mfaEnabled: false,
  hasPassword: false,
  createdAt: '2026-11-20T12:00:00Z',
};

export const MAIL_ANN: User = { ...ANN, email: 'ann@example.org', emailVerified: true, hasPassword: true };

export const TOKENS = { access_token: 'a', refresh_token: 'r', expires_in: 3600, user: ANN };

export function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ code, status, ...more }, { status, headers: { 'Content-Type': 'application/problem+json' } });
}

export interface Asked {
  /** `POST /api/auth/login`. */
  what: string;
  body: unknown;
}

type Answer = Response | object | (() => Response | object);

/** Each answer serves once, the last of a route for ever; what is not in the table is not found. */
export class AccountServer {
  readonly asked: Asked[] = [];
  private readonly answers = new Map<string, Answer[]>();

  constructor(user: User = ANN) {
    this.on('GET /api/me', {
      profile: OWN,
      account: user,
      limits: {},
      settings: { messageDays: 30, roomMessageDays: 7, maskDays: 30, maskLinkDays: 14 },
    });
    this.on('GET /api/auth/sessions', { sessions: [] });
    vi.stubGlobal('fetch', async (input: Request) => this.answer(input));
  }

  on(what: string, ...answers: Answer[]): this {
    this.answers.set(what, answers);
    return this;
  }

  /** The bodies that a route was sent. */
  sent(what: string): unknown[] {
    return this.asked.filter((one) => one.what === what).map(({ body }) => body);
  }

  private async answer(request: Request): Promise<Response> {
    const what = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text();
    this.asked.push({ what, body: text ? JSON.parse(text) : undefined });
    const answers = this.answers.get(what);
    const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0];
    const given = typeof answer === 'function' ? answer() : answer;
    if (given instanceof Response) return given.clone();
    return given ? Response.json(given) : problem(404, 'not_found');
  }
}
