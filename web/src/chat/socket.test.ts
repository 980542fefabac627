import type { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SignInError } from '../api/session';
import type { Profile } from './model';
import { ChatSocket, type SocketHandlers, type Tokens } from './socket';

type Listener = (...args: never[]) => void;
type Ack = (error: Error | null, answer?: unknown) => void;

/**
 * socket.io-client as seen from outside, in the parts that matter here: it stays `active` while its
 * manager reconnects, is not after a refusal or a goodbye, and fails the acks of a lost connection.
 */
class FakeClient {
  connected = false;
  active = false;
  connects = 0;
  credentials: { token?: string; rooms?: object } = {};
  readonly sent: { event: string; payload: { token?: string; content?: string }; ack: Ack }[] = [];
  readonly io = { on: (event: string, run: Listener) => this.listeners.set(`manager ${event}`, run) };
  private readonly listeners = new Map<string, Listener>();
  private auth: (give: (auth: object) => void) => void = () => {};

  readonly open = ((_: string, options: { auth: FakeClient['auth'] }) => {
    this.auth = options.auth;
    return this;
  }) as unknown as typeof io;

  on(event: string, run: Listener): void {
    this.listeners.set(event, run);
  }

  connect(): void {
    this.connects++;
    this.active = true;
    this.auth((credentials) => {
      this.credentials = credentials;
    });
  }

  disconnect(): void {
    this.drop('io client disconnect', false);
  }

  timeout(ms: number) {
    return {
      emit: (event: string, payload: object, answer: Ack) => {
        const ack: Ack = (error, value) => {
          clearTimeout(timer);
          answer(error, value);
        };
        const asked = { event, payload, ack };
        const timer = setTimeout(() => {
          this.sent.splice(this.sent.indexOf(asked), 1);
          ack(new Error('operation has timed out'));
        }, ms);
        this.sent.push(asked);
      },
    };
  }

  fire(event: string, payload?: unknown): void {
    (this.listeners.get(event) as ((p: unknown) => void) | undefined)?.(payload);
  }

  /** The server said yes to CONNECT. */
  accept(): void {
    this.connected = true;
    this.fire('connect');
  }

  /** The server said no: the client does not try again by itself. */
  refuse(data: object): void {
    this.active = false;
    this.fire('connect_error', Object.assign(new Error('no'), { data }));
  }

  drop(reason: string, active: boolean): void {
    const wasConnected = this.connected;
    this.connected = false;
    this.active = active;
    for (const { ack } of this.sent.splice(0)) ack(new Error('socket has been disconnected'));
    if (wasConnected) this.fire('disconnect', reason);
  }

  /** `41`. */
  sayGoodbye(): void {
    this.drop('io server disconnect', false);
  }
}

class FakeTokens implements Tokens {
  current = 't1';
  problem: SignInError | null = null;
  revocations = 0;
  private readonly listeners = new Set<(token: string) => void>();
  private issued = 1;

  async token(): Promise<string> {
    if (this.problem) throw this.problem;
    return this.current;
  }

  async renew(): Promise<string> {
    if (this.problem) throw this.problem;
    this.current = `t${++this.issued}`;
    for (const listener of this.listeners) listener(this.current);
    return this.current;
  }

  async revoked(): Promise<never> {
    this.revocations++;
    throw new SignInError('ended', 'session_revoked');
  }

  onToken(listener: (token: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

const profile: Profile = {
  id: 7,
  nickname: 'Quiet Fox',
  avatarUrl: '/avatar/7.svg',
  color: 3,
  photos: [],
  createdDay: '2026-11-20',
};
const draft = { roomId: 1, content: 'hi', cid: 'x' };
const nothing = () => {};

let client: FakeClient;
let tokens: FakeTokens;
let said: string[];
let socket: ChatSocket;

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

function listening(): SocketHandlers {
  return {
    position: () => ({ rooms: { '1': 9 }, epochs: { '1': 'e' } }),
    connected: ({ id }) => said.push(`connected ${id}`),
    lost: () => said.push('lost'),
    asked: nothing,
    answered: nothing,
    ended: ({ problem, code }) => said.push(`${problem} ${code}`),
    on: {
      message: nothing,
      changed: nothing,
      room: nothing,
      sync: nothing,
      heads: nothing,
      presence: nothing,
      mask: nothing,
    },
  };
}

/** Answers the last event that was sent. */
function answer(value: unknown): Promise<unknown> {
  client.sent.pop()?.ack(null, value);
  return tick();
}

async function standing(): Promise<void> {
  await socket.open();
  client.accept();
  await answer({ profile });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  client = new FakeClient();
  tokens = new FakeTokens();
  said = [];
  socket = new ChatSocket('https://maska.test', tokens, listening(), client.open);
});
afterEach(() => {
  socket.close();
  vi.useRealTimers();
});

describe('connecting', () => {
  test('tells the token and how far each room is', async () => {
    await socket.open();
    await tick();
    expect(client.credentials).toEqual({ token: 't1', rooms: { '1': 9 }, epochs: { '1': 'e' } });
  });

  test('nothing is sent before the server has said which mask it sees', async () => {
    await socket.open();
    await tick();
    client.accept();
    await expect(socket.send(draft)).rejects.toMatchObject({ code: 'disconnected' });
    expect(client.sent.map((s) => [s.event, s.payload.token])).toEqual([['auth', 't1']]);
    await answer({ profile });
    expect(said).toEqual(['connected 7']);
    socket.send(draft).catch(nothing);
    expect(client.sent.at(-1)?.payload.content).toBe('hi');
  });

  test('two callers make one connection', async () => {
    await Promise.all([socket.open(), socket.open()]);
    expect(client.connects).toBe(1);
  });

  test('a server that does not answer is left and tried again', async () => {
    await socket.open();
    client.accept();
    await tick(5_000);
    await tick(1);
    expect(client.connects).toBe(2);
  });
});

describe('a refusal', () => {
  test('of an old token is answered with a new one, at once', async () => {
    await socket.open();
    await tick();
    client.refuse({ code: 'token_expired' });
    await tick();
    expect(client.connects).toBe(2);
    expect(client.credentials.token).toBe('t2');
  });

  test('for now is obeyed for as long as told', async () => {
    await socket.open();
    client.refuse({ code: 'rate_limited', retryAfter: 5 });
    await tick(4_999);
    expect(client.connects).toBe(1);
    await tick(1);
    expect(client.connects).toBe(2);
  });

  test('again and again is met with growing pauses', async () => {
    await socket.open();
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      client.refuse({ code: 'unavailable' });
      const before = client.connects;
      let waited = 0;
      for (; client.connects === before; waited += 100) await tick(100);
      waits.push(Math.round(waited / 1000));
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 10]);
  });

  test('of a disabled account is final', async () => {
    await socket.open();
    client.refuse({ code: 'account_disabled' });
    await tick(60_000);
    expect(said).toContain('refused account_disabled');
    expect(client.connects).toBe(1);
  });

  test('that leaves no way to sign in ends it', async () => {
    await socket.open();
    tokens.problem = new SignInError('stale', 'init_data_expired');
    client.refuse({ code: 'token_expired' });
    await tick(60_000);
    expect(said).toContain('stale init_data_expired');
    expect(client.connects).toBe(1);
  });
});

describe('a goodbye', () => {
  test('of a revoked session is the end', async () => {
    await standing();
    client.fire('session_revoked', { code: 'logged_out' });
    client.sayGoodbye();
    await tick();
    expect(tokens.revocations).toBe(1);
    expect(client.connects).toBe(1);
    expect(said).toContain('ended session_revoked');
  });

  test('right after each welcome does not make a storm', async () => {
    await socket.open();
    for (let n = 0; n < 5; n++) {
      client.accept();
      await answer({ profile });
      client.sayGoodbye();
      await tick(500);
    }
    expect(client.connects).toBeLessThan(5);
  });

  test('after a good while is followed at once', async () => {
    await standing();
    for (let n = 0; n < 3; n++) {
      await tick(10_000);
      client.sayGoodbye();
      await tick();
      client.accept();
      await answer({ profile });
    }
    expect(client.connects).toBe(4);
  });
});

describe('a token that ends', () => {
  test('is replaced on the living connection', async () => {
    await standing();
    client.fire('auth_required', { code: 'token_expired' });
    await tick();
    expect(client.sent.map((s) => [s.event, s.payload.token])).toEqual([['auth', 't2']]);
    expect(client.connects).toBe(1);
  });

  test('is told to the server when it was renewed ahead of time', async () => {
    await standing();
    await tokens.renew();
    expect(client.sent.map((s) => s.payload.token)).toEqual(['t2']);
  });

  test('under a message is renewed, and the message may be tried again', async () => {
    await standing();
    const sending = expect(socket.send(draft)).rejects.toMatchObject({ code: 'token_expired' });
    await answer({ error: { code: 'token_expired', message: '' } });
    await sending;
    expect(client.sent.map((s) => s.event)).toEqual(['auth']);
  });
});

describe('silence', () => {
  test('once may be a slow server, twice is a dead connection', async () => {
    await standing();
    for (const connects of [1, 2]) {
      const sending = expect(socket.send(draft)).rejects.toMatchObject({ code: 'timeout' });
      await tick(10_000);
      await sending;
      expect(client.connects).toBe(connects);
    }
  });

  test('once is enough after the page was asleep', async () => {
    await standing();
    socket.wake();
    const asking = expect(socket.sync(1, 9, 'e')).rejects.toMatchObject({ code: 'timeout' });
    await tick(5_000);
    await asking;
    expect(client.connects).toBe(2);
  });

  test('of a lost connection is told as such', async () => {
    await standing();
    const sending = expect(socket.send(draft)).rejects.toMatchObject({ code: 'disconnected' });
    client.drop('transport close', true);
    await sending;
    expect(said.at(-1)).toBe('lost');
  });
});

describe('waking up', () => {
  test('does not wait for the timer of the manager', async () => {
    await standing();
    client.drop('transport close', true);
    socket.wake();
    await tick();
    expect(client.connects).toBe(2);
  });

  test('leaves an attempt alone that has just begun, and no longer', async () => {
    await standing();
    client.drop('transport close', true);
    client.fire('manager reconnect_attempt');
    await tick(1_000);
    socket.wake();
    await tick();
    expect(client.connects).toBe(1);
    await tick(3_000);
    socket.wake();
    await tick();
    expect(client.connects).toBe(2);
  });

  test('does nothing once it is closed', async () => {
    await standing();
    socket.close();
    socket.wake();
    await tick(60_000);
    expect(client.connects).toBe(1);
  });
});
