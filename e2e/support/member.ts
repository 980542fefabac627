/** Somebody who talks without a browser: REST and the plain socket.io-client, as any program would. */
import { randomUUID } from 'node:crypto';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { Person } from './person.ts';

export interface Message {
  id: string;
  seq: number;
  rev: number;
  roomId: number;
  userId: number;
  content: string;
  author: { id: number; nickname: string; avatarUrl: string } | null;
  cid?: string;
}

export interface Page {
  items: Message[];
  head: number;
  epoch: string;
  hasMore: boolean;
}

interface SignedIn {
  token: string;
  refresh_token: string;
  user: { id: number; anon_name: string; avatar_url: string };
}

interface Ack {
  id?: string;
  seq?: number;
  cid?: string;
  error?: { code: string; message: string; retryAfter?: number };
}

export type SocketSettings = Partial<ManagerOptions & SocketOptions>;

export class Member {
  /** Each live `message` event, in the order of arrival. */
  readonly heard: Message[] = [];

  private constructor(
    private readonly server: string,
    readonly who: SignedIn,
    readonly socket: Socket,
  ) {
    socket.on('message', (message: Message) => this.heard.push(message));
  }

  /** Signs in and connects; with no options, as a client with none does. */
  static async join(server: string, person: Person, options: SocketSettings = {}): Promise<Member> {
    const who = await signIn(server, person);
    const socket = io(server, { auth: { token: who.token }, forceNew: true, ...options });
    const member = new Member(server, who, socket);
    await new Promise<void>((joined, failed) => {
      socket.once('joined', () => joined());
      socket.once('connect_error', failed);
    });
    return member;
  }

  get nickname(): string {
    return this.who.user.anon_name;
  }

  /** Tokens of this sign-in, which nobody else may ever get. */
  get secrets(): string[] {
    return [this.who.token, this.who.refresh_token];
  }

  /** Says something until the server has kept it: the same cid again after every loss. Returns its seq. */
  async say(content: string): Promise<number> {
    const draft = { roomId: 1, content, cid: randomUUID() };
    for (;;) {
      const ack = await this.try(draft);
      if (ack?.seq !== undefined) return ack.seq;
      if (ack?.error && ack.error.code !== 'rate_limited' && ack.error.code !== 'unavailable') {
        throw new Error(`${ack.error.code}: ${ack.error.message}`);
      }
      await new Promise((resume) => {
        if (ack?.error) setTimeout(resume, 1000 * (ack.error.retryAfter ?? 1));
        else if (this.socket.connected) resume(undefined);
        else this.socket.once('joined', resume);
      });
    }
  }

  /** The whole history as REST tells it, oldest first. */
  async history(): Promise<Message[]> {
    const pages: Message[][] = [];
    let before = '';
    for (;;) {
      const page = await get<Page>(`${this.server}/api/rooms/1/messages?limit=200${before}`, this.who.token);
      pages.unshift(page.items);
      if (!page.hasMore) return pages.flat();
      before = `&before=${page.items[0]?.seq}`;
    }
  }

  leave(): void {
    this.socket.disconnect();
  }

  /** Undefined when the answer did not come: it may have been kept or not. */
  private async try(draft: object): Promise<Ack | undefined> {
    if (!this.socket.connected) return undefined;
    return new Promise((settle) => {
      const lost = () => settle(undefined);
      this.socket.once('disconnect', lost);
      this.socket.timeout(10_000).emit('message', draft, (error: Error | null, ack: Ack) => {
        this.socket.off('disconnect', lost);
        settle(error ? undefined : ack);
      });
    });
  }
}

async function signIn(server: string, person: Person): Promise<SignedIn> {
  const answer = await fetch(`${server}/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': person.language },
    body: JSON.stringify({ initData: person.initData() }),
  });
  if (!answer.ok) throw new Error(`POST /auth: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as SignedIn;
}

async function get<T>(address: string, token: string): Promise<T> {
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`GET ${address}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
