import { describe, expect, test } from 'vitest';
import { createApi } from './client';
import { ApiError } from './error';

function api(...answers: Response[]) {
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return answers.shift() ?? new Response(null, { status: 500 });
  };
  return { requests, ...createApi({ origin: 'https://maska.test', language: () => 'zh', fetch }) };
}

const refuse = (status: number, body: object, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });

const bearer = { token: async () => 'old', renew: async (refused: string) => `after-${refused}` };

describe('a refusal', () => {
  test('carries code, status, waiting time and fields', async () => {
    const errors = [{ field: 'nickname', code: 'too_short', message: '…' }, { bad: true }];
    const { newMask } = api(refuse(429, { code: 'rate_limited', retryAfter: 9, errors }));
    const error = await newMask(bearer).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'rate_limited', status: 429, retryAfter: 9, temporary: true });
    expect((error as ApiError).fields).toEqual([errors[0]]);
  });

  test('takes the waiting time from the header when the body has none', async () => {
    const { me } = api(refuse(503, { code: 'unavailable' }, { 'Retry-After': '4' }));
    await expect(me(bearer)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 4 });
  });

  test('of a proxy without our JSON still has a code', async () => {
    const { me } = api(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(me(bearer)).rejects.toMatchObject({ code: 'unavailable', status: 502, temporary: true });
  });
});

describe('a request', () => {
  test('carries the token and the language', async () => {
    const { me, requests } = api(Response.json({ profile: { id: 1 } }));
    expect(await me(bearer)).toEqual({ profile: { id: 1 } });
    expect(requests[0]?.headers.get('Authorization')).toBe('Bearer old');
    expect(requests[0]?.headers.get('Accept-Language')).toBe('zh');
  });

  test.each(['token_expired', 'session_revoked'])(
    'refused with %s is tried once more with another token',
    async (code) => {
      const { me, requests } = api(refuse(401, { code }), Response.json({}));
      await me(bearer);
      expect(requests[1]?.headers.get('Authorization')).toBe('Bearer after-old');
    },
  );

  test('refused twice is refused', async () => {
    const { me, requests } = api(refuse(401, { code: 'token_expired' }), refuse(401, { code: 'token_expired' }));
    await expect(me(bearer)).rejects.toMatchObject({ code: 'token_expired' });
    expect(requests).toHaveLength(2);
  });

  test('for older messages names the room and the place', async () => {
    const { messages, requests } = api(Response.json({ items: [] }));
    await messages(bearer, 1, { before: 20, limit: 50 });
    expect(requests[0]?.url).toBe('https://maska.test/api/rooms/1/messages?before=20&limit=50');
  });
});
