import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SecretStorage } from '../chat/platform';
import { createApi } from './client';
import { Keeper, lastPerson, personKey } from './keeper';
import { Session, type SignInError } from './session';

/** The server's side of sign-in and refresh, as the auth contract has it in sections 4 and 7.2. */
class AuthServer {
  readonly calls: string[] = [];
  readonly languages: (string | null)[] = [];
  /** Answers these before anything else. */
  readonly broken: (Response | 'network')[] = [];
  expiresIn = 3600;
  private readonly generation = new Map<string, number>();
  private issued = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    this.calls.push(pathname);
    this.languages.push(request.headers.get('Accept-Language'));
    const broken = this.broken.shift();
    if (broken === 'network') throw new TypeError('Failed to fetch');
    if (broken) return broken;
    const body = (await request.json()) as Record<string, string>;
    if (pathname === '/auth') return this.signIn(body.initData ?? '');
    if (pathname === '/api/auth/refresh') return this.refresh(body.refresh_token ?? '');
    if (pathname === '/api/auth/logout') return Response.json({ success: true });
    return problem(404, 'not_found');
  };

  revoke(sid: string): void {
    this.generation.delete(sid);
  }

  private signIn(initData: string): Response {
    if (initData === 'stale') return problem(401, 'init_data_expired');
    if (initData === 'forged') return problem(401, 'init_data_invalid');
    if (initData === 'banned') return problem(403, 'account_disabled');
    const sid = `${initData}-${++this.issued}`;
    this.generation.set(sid, 1);
    return this.tokens(sid, 1, { account: { id: accountOf(sid) } });
  }

  private refresh(token: string): Response {
    const [sid = '', presented] = token.split('/');
    const current = this.generation.get(sid);
    if (current === undefined) return problem(401, 'session_revoked');
    if (Number(presented) < current - 1) return problem(401, 'refresh_token_reused');
    const next = Number(presented) === current ? current + 1 : current;
    this.generation.set(sid, next);
    return this.tokens(sid, next, { user: { id: accountOf(sid) } });
  }

  private tokens(sid: string, generation: number, rest: object): Response {
    return Response.json({
      access_token: `access-${sid}-${generation}-${this.calls.length}`,
      refresh_token: `${sid}/${generation}`,
      expires_in: this.expiresIn,
      ...rest,
    });
  }
}

/** "anna…" is account 1, "boris…" account 2. */
const accountOf = (sid: string) => (sid.startsWith('anna') ? 1 : 2);

function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ code, status, ...more }, { status, headers: { 'Content-Type': 'application/problem+json' } });
}

let server: AuthServer;
let now = 0;
const open: Session[] = [];
beforeEach(() => {
  localStorage.clear();
  server = new AuthServer();
  now = 1_000_000;
});
afterEach(() => {
  vi.useRealTimers();
  for (const session of open.splice(0)) session.close();
});

/** A tab: the person as a local key, the initData of its launch. */
function tab(
  person: string | null,
  initData: string,
  secrets: SecretStorage | null = null,
  locks?: LockManager,
): Session {
  const api = createApi({ origin: 'https://maska.test', language: () => 'ru', fetch: server.fetch });
  const keeper = new Keeper(localStorage, secrets, person ?? lastPerson(localStorage));
  const session = new Session({ api, keeper, initData, locks, now: () => now });
  open.push(session);
  return session;
}

/** What an ended tab would have told; an answer is an error of the test. */
const problemOf = (session: Session) =>
  session.token().then(
    (token) => expect.fail(`got ${token}`),
    (error: SignInError) => [error.problem, error.code],
  );

describe('signing in', () => {
  test('initData gives a session; the same token serves while it lives', async () => {
    const session = tab('p1', 'anna');
    expect(await session.token()).toBe(await session.token());
    expect(server.calls).toEqual(['/auth']);
    expect(session.account).toBe(1);
    expect(server.languages).toEqual(['ru']);
  });

  test('a reload uses the stored session and makes no new one', async () => {
    await tab('p1', 'anna').token();
    await tab('p1', 'anna').token();
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
  });

  test('with stale initData the stored session of the same person is used', async () => {
    await tab('p1', 'anna').token();
    expect(await tab('p1', 'stale').token()).toContain('access-anna');
  });

  test('the initData of the tab wins over the stored session of another person', async () => {
    await tab('p1', 'anna').token();
    expect(await tab('p2', 'boris').token()).toContain('access-boris');
    expect(await tab('p1', 'stale').token()).toContain('access-anna');
  });

  test('a page without initData continues the session of the last one who was here', async () => {
    await tab('p1', 'anna').token();
    expect(await tab(null, '').token()).toContain('access-anna');
  });

  test('neither initData nor a session: outside; too old and no session: stale', async () => {
    expect(await problemOf(tab(null, ''))).toEqual(['outside', 'init_data_required']);
    expect(await problemOf(tab('p1', 'stale'))).toEqual(['stale', 'init_data_expired']);
  });

  test('forged and disabled are refused with the code of the server', async () => {
    expect(await problemOf(tab('p1', 'forged'))).toEqual(['refused', 'init_data_invalid']);
    expect(await problemOf(tab('p2', 'banned'))).toEqual(['refused', 'account_disabled']);
  });

  test('a session that ended elsewhere is replaced through initData', async () => {
    await tab('p1', 'anna').token();
    server.revoke('anna-1');
    expect(await tab('p1', 'anna').token()).toContain('access-anna-2');
  });

  test('no network and a failing server are unreachable and cost no session', async () => {
    await tab('p1', 'anna').token();
    server.broken.push(
      'network',
      new Response('oops', { status: 502 }),
      problem(429, 'rate_limited', { retryAfter: 7 }),
    );
    const session = tab('p1', 'anna');
    expect(await problemOf(session)).toEqual(['unreachable', 'unreachable']);
    expect(await problemOf(session)).toEqual(['unreachable', 'unavailable']);
    await expect(session.token()).rejects.toMatchObject({ problem: 'unreachable', retryAfter: 7 });
    expect(await session.token()).toContain('access-anna-1');
  });

  test('a page of a foreign network with status 200 is no answer', async () => {
    server.broken.push(new Response('<html>pay for the wifi</html>', { headers: { 'Content-Type': 'text/html' } }));
    expect(await problemOf(tab('p1', 'anna'))).toEqual(['unreachable', 'unreachable']);
  });
});

describe('renewing', () => {
  test('parallel calls share one request', async () => {
    const session = tab('p1', 'anna');
    const first = await session.token();
    const tokens = await Promise.all([session.renew(first), session.renew(first), session.renew(first)]);
    expect(new Set(tokens).size).toBe(1);
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
    expect(await session.renew(first)).toBe(tokens[0]);
  });

  test('an expired token is replaced before it is handed out', async () => {
    const session = tab('p1', 'anna');
    const first = await session.token();
    now += 3_500_000;
    expect(await session.token()).not.toBe(first);
  });

  test('tabs of one person take turns and each uses the newest refresh token', async () => {
    const tabs = [tab('p1', 'anna'), tab('p1', 'anna'), tab('p1', 'anna')];
    for (let hour = 0; hour < 5; hour++) {
      await Promise.all(tabs.map((t) => t.renew(`old-${hour}`)));
      now += 3_600_000;
    }
    expect(server.calls).not.toContain('refresh_token_reused');
    expect(new Set(server.calls.slice(3))).toEqual(new Set(['/api/auth/refresh']));
  });

  test('a lock that is never given does not stop anybody', async () => {
    vi.useFakeTimers();
    const stuck = {
      request: (_: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    } as unknown as LockManager;
    const token = tab('p1', 'anna', null, stuck).token();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await token).toContain('access-anna');
  });

  test('happens by itself ahead of time and tells the listeners', async () => {
    vi.useFakeTimers();
    const session = tab('p1', 'anna');
    const heard = vi.fn();
    session.onToken(heard);
    await session.token();
    now += 2_880_000;
    await vi.advanceTimersByTimeAsync(2_880_000);
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  test('a session that was ended from outside stays ended until the page is opened anew', async () => {
    const session = tab('p1', 'anna');
    await session.token();
    server.revoke('anna-1');
    await expect(session.revoked()).rejects.toMatchObject({ problem: 'ended', code: 'session_revoked' });
    expect(await problemOf(session)).toEqual(['ended', 'session_revoked']);
    expect(await tab('p1', 'anna').token()).toContain('access-anna-2');
  });

  test('a refresh that hears of the end says so too, and begins no new session unasked', async () => {
    const session = tab('p1', 'anna');
    const token = await session.token();
    server.revoke('anna-1');
    await expect(session.renew(token)).rejects.toMatchObject({ problem: 'ended', code: 'session_revoked' });
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
  });

  test('a session that ran out is begun anew with initData', async () => {
    const session = tab('p1', 'anna');
    const token = await session.token();
    server.broken.push(problem(401, 'refresh_token_expired'));
    expect(await session.renew(token)).toContain('access-anna-2');
  });

  test('without initData a stored session that is over says why', async () => {
    await tab('p1', 'anna').token();
    server.revoke('anna-1');
    expect(await problemOf(tab(null, ''))).toEqual(['ended', 'session_revoked']);
    expect(await problemOf(tab(null, ''))).toEqual(['outside', 'init_data_required']);
  });
});

describe('a sign-in outside Telegram', () => {
  const entered = (id: number) => ({
    access_token: `mail-${id}`,
    refresh_token: `mail${id}/1`,
    expires_in: 3600,
    user: { id },
  });

  test('gives the session of this tab, and a reload finds it', async () => {
    const session = tab(null, '');
    session.enter(entered(2));
    expect(await session.token()).toBe('mail-2');
    expect(session.account).toBe(2);
    await tab(null, '')
      .token()
      .catch(() => {});
    expect(server.calls).toEqual(['/api/auth/refresh']);
  });

  test('is not found under the name of a Telegram user with another account', async () => {
    await tab('p1', 'anna').token();
    tab('p1', 'stale').enter(entered(2));
    expect(tab(null, '').account).toBe(2);
    await tab('p1', 'anna').token();
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
    expect(tab('p1', 'anna').account).toBe(1);
  });

  test('a second factor that is wanted comes with what the next step needs', async () => {
    server.broken.push(problem(403, 'mfa_required', { mfa_token: 'm', factors: ['totp', 'recovery'] }));
    await expect(tab('p1', 'anna').token()).rejects.toMatchObject({
      problem: 'refused',
      code: 'mfa_required',
      challenge: { token: 'm', factors: ['totp', 'recovery'] },
    });
  });
});

describe('what is kept', () => {
  test('no Telegram id and no access token lies in the storage', async () => {
    const key = await personKey(localStorage, 6_702_079_700);
    const session = tab(key, 'anna');
    const token = await session.token();
    const everything = JSON.stringify({ ...localStorage });
    expect(key).toMatch(/^[0-9a-f]{16}$/);
    expect(everything).not.toContain('6702079700');
    expect(everything).not.toContain(token);
  });

  test('the local name of a person is stable here and another in another browser', async () => {
    const first = await personKey(localStorage, 42);
    expect(await personKey(localStorage, 42)).toBe(first);
    expect(await personKey(localStorage, 43)).not.toBe(first);
    localStorage.clear();
    expect(await personKey(localStorage, 42)).not.toBe(first);
  });

  test('the refresh token goes to SecureStorage where there is one', async () => {
    const secrets = secretStorage();
    await tab('p1', 'anna', secrets).token();
    expect([...secrets.values]).toEqual([['maska_refresh_1', 'anna-1/1']]);
    expect(JSON.stringify({ ...localStorage })).not.toContain('anna-1/1');
    await tab('p1', 'stale', secrets).token();
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
  });

  test('a SecureStorage that fails leaves no older token to be used by mistake', async () => {
    const secrets = secretStorage();
    await tab('p1', 'anna', secrets).token();
    secrets.failing = true;
    await tab('p1', 'anna', secrets).token();
    secrets.failing = false;
    const again = tab('p1', 'stale', secrets);
    await again.renew(await again.token());
    expect(server.calls).toEqual(['/auth', '/auth', '/api/auth/refresh', '/api/auth/refresh']);
  });

  test('without any storage the tab lives on its own memory', async () => {
    const session = tab(null, 'anna');
    const first = await session.token();
    await session.renew(first);
    expect(server.calls).toEqual(['/auth', '/api/auth/refresh']);
    expect(Object.keys({ ...localStorage })).toEqual([]);
  });

  test('logging out forgets the session, the person and the way back', async () => {
    const session = tab('p1', 'anna');
    await session.token();
    await session.leave();
    expect(server.calls.at(-1)).toBe('/api/auth/logout');
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/anna|person/);
    expect(await problemOf(tab(null, ''))).toEqual(['outside', 'init_data_required']);
  });
});

function secretStorage() {
  const values = new Map<string, string>();
  const self = {
    values,
    failing: false,
    check: () => (self.failing ? Promise.reject(new Error('UNSUPPORTED')) : Promise.resolve()),
    get: (key: string) => self.check().then(() => values.get(key) ?? null),
    set: (key: string, value: string) => self.check().then(() => void values.set(key, value)),
    remove: (key: string) => self.check().then(() => void values.delete(key)),
  };
  return self;
}
