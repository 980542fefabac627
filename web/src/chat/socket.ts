/**
 * The live connection: one Socket.IO socket, its sign-in and its coming back. socket.io-client
 * reconnects by itself after a lost transport, but neither after a refusal (CONNECT_ERROR) nor after
 * the server said goodbye: those are ours (decisions 28, 32).
 */
import { io, type Socket } from 'socket.io-client';
import { RENEWABLE } from '../api/client';
import { SignInError } from '../api/session';
import type { ClientEvents, Draft, Position, Refusal, Sent, ServerEvents, Sync } from './events';
import type { Profile } from './model';
import { SendError } from './outbox';

/** Where tokens come from; each throws a SignInError when there is none. */
export interface Tokens {
  token(): Promise<string>;
  /** Another one than the refused. */
  renew(refused: string): Promise<string>;
  /** The session was ended; only a new sign-in helps. */
  revoked(): Promise<string>;
  /** Calls back with each new token; returns the way to stop. */
  onToken(listener: (token: string) => void): () => void;
}

export interface SocketHandlers {
  /** How far each room is, asked at each connect. */
  position(): Position;
  /** The connection stands and the server has said under which mask it acts. */
  connected(profile: Profile): void;
  lost(): void;
  /** The server was asked something; `answered` follows when the answer comes. */
  asked(): void;
  answered(): void;
  /** There is no way to sign in any more. */
  ended(error: SignInError): void;
  on: {
    [E in 'message' | 'changed' | 'room' | 'sync' | 'heads' | 'presence' | 'mask']: ServerEvents[E];
  };
}

const SEND_TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 5_000;
/** An attempt younger than this is left alone when the page wakes up. */
const ATTEMPT_MS = 3_000;
/** A connection that stood for so long was a good one. */
const STABLE_MS = 5_000;
const BACKOFF_MAX_MS = 10_000;

export class ChatSocket {
  private readonly socket: Socket<ServerEvents, ClientEvents>;
  private readonly offToken: () => void;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private token = '';
  private closed = false;
  /** Since when the server has accepted us; null while it has not. */
  private standingSince: number | null = null;
  /** When the present attempt to connect began; null while none is running. */
  private attemptAt: number | null = null;
  private refusals = 0;
  private timeouts = 0;
  /** Why the server is about to say goodbye. */
  private farewell: string | null = null;

  constructor(
    origin: string,
    private readonly session: Tokens,
    private readonly handlers: SocketHandlers,
    connect: typeof io = io,
  ) {
    this.socket = connect(origin, {
      autoConnect: false,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelayMax: 10_000,
      auth: (give) => this.credentials(give),
    });
    this.listen();
    this.offToken = session.onToken((token) => {
      if (this.socket.connected && token !== this.token) this.introduce(token);
    });
  }

  /** Connects, and stays connected until `close`. */
  async open(): Promise<void> {
    this.stopTimer();
    // An active socket is connected, connecting, or waited for by the manager.
    if (this.closed || this.socket.active) return;
    this.attemptAt = Date.now();
    try {
      await this.session.token();
    } catch (error) {
      this.attemptAt = null;
      this.giveUpOrWait(error);
      return;
    }
    if (!this.closed && !this.socket.active) this.socket.connect();
  }

  close(): void {
    this.closed = true;
    this.standingSince = null;
    this.stopTimer();
    this.offToken();
    this.socket.disconnect();
  }

  /** The page came back to life or the network did: do not wait for a timer. */
  wake(): void {
    // After a sleep an open connection is only half believed: one unanswered question ends it.
    if (this.socket.connected) this.timeouts = 1;
    const attempting = this.attemptAt !== null && Date.now() - this.attemptAt < ATTEMPT_MS;
    if (!this.closed && !this.socket.connected && !attempting) this.reconnect();
  }

  /** One try to send; the caller repeats it with the same cid. */
  async send(draft: Draft): Promise<Sent> {
    if (this.standingSince === null) throw new SendError('disconnected');
    return this.ask<Sent>((give) => this.socket.timeout(SEND_TIMEOUT_MS).emit('message', draft, give));
  }

  /** What changed in a room after a seq. */
  sync(roomId: number, after: number, epoch: string): Promise<Sync> {
    return this.ask<Sync>((give) => this.socket.timeout(ASK_TIMEOUT_MS).emit('sync', { roomId, after, epoch }, give));
  }

  private listen(): void {
    const { socket, handlers } = this;
    socket.on('connect', () => {
      this.attemptAt = null;
      this.introduce(this.token);
    });
    socket.on('disconnect', (reason) => {
      this.fell();
      if (reason === 'io server disconnect') this.refused(this.farewell ?? 'unavailable');
    });
    socket.on('connect_error', (error) => {
      this.fell();
      // While the socket is active the manager tries again by itself.
      if (!socket.active) this.refused(codeOf(error), retryAfterOf(error));
    });
    socket.io.on('reconnect_attempt', () => {
      this.attemptAt = Date.now();
    });
    socket.on('auth_required', () => this.renewInPlace());
    for (const event of ['auth_error', 'session_revoked'] as const) {
      socket.on(event, ({ code }: { code: string }) => {
        this.farewell = event === 'session_revoked' ? event : code;
      });
    }
    for (const event of Object.keys(handlers.on) as (keyof SocketHandlers['on'])[]) {
      socket.on(event, handlers.on[event] as never);
    }
  }

  /** Another token for the connection that stands. */
  private renewInPlace(): void {
    this.session.renew(this.token).then(
      (token) => {
        if (this.socket.connected && token !== this.token) this.introduce(token);
      },
      (error: unknown) => this.giveUpOrWait(error),
    );
  }

  /** Called by socket.io at each connect, also at those it makes by itself. */
  private credentials(give: (auth: object) => void): void {
    this.session.token().then(
      (token) => {
        this.token = token;
        give({ token, ...this.handlers.position() });
      },
      (error: unknown) => {
        this.socket.disconnect();
        this.giveUpOrWait(error);
      },
    );
  }

  /**
   * Tells the server the token once more, for its answer: the mask may have changed while we were
   * away, and nothing that was written under the old one may go out before we know.
   */
  private introduce(token: string): void {
    this.token = token;
    this.ask<{ profile: Profile }>((give) => this.socket.timeout(ASK_TIMEOUT_MS).emit('auth', { token }, give)).then(
      ({ profile }) => {
        if (this.closed) return;
        this.farewell = null;
        this.standingSince ??= Date.now();
        this.handlers.connected(profile);
      },
      (error: SendError) => {
        if (error.code === 'disconnected') return;
        this.socket.disconnect();
        this.refused(error.code, error.retryAfter);
      },
    );
  }

  /** Emits with an ack; a refusal, a timeout and a lost connection reject with a SendError. */
  private ask<T>(emit: (give: (error: Error | null, answer: T | Refusal) => void) => unknown): Promise<T> {
    if (!this.socket.connected) return Promise.reject(new SendError('disconnected'));
    this.handlers.asked();
    return new Promise((resolve, reject) => {
      emit((error, answer) => {
        if (error) {
          reject(this.unanswered());
          return;
        }
        this.timeouts = 0;
        this.handlers.answered();
        if (!isRefusal(answer)) resolve(answer);
        else reject(this.declined(answer));
      });
    });
  }

  private unanswered(): SendError {
    if (!this.socket.connected) return new SendError('disconnected');
    // The first may be a slow server; with the second the connection is not believed any more.
    if (++this.timeouts >= 2) this.reconnect();
    return new SendError('timeout');
  }

  private declined({ error: { code, retryAfter } }: Refusal): SendError {
    if (RENEWABLE.has(code)) this.renewInPlace();
    return new SendError(code, retryAfter);
  }

  private fell(): void {
    // A server that accepts and at once sends away must not be met at full speed.
    if (this.standingSince !== null && Date.now() - this.standingSince > STABLE_MS) this.refusals = 0;
    this.standingSince = null;
    this.attemptAt = null;
    if (!this.closed) this.handlers.lost();
  }

  /** The server does not want this connection; with another token, or later, it may. */
  private refused(code: string, retryAfter?: number): void {
    this.farewell = null;
    if (this.closed) return;
    const turn = this.refusals++;
    const renewed = code === 'session_revoked' ? this.session.revoked() : this.renewFor(code);
    renewed.then(
      () => this.openIn(retryAfter === undefined ? backoff(turn) : retryAfter * 1000),
      (error: unknown) => this.giveUpOrWait(error),
    );
  }

  private async renewFor(code: string): Promise<void> {
    if (RENEWABLE.has(code)) await this.session.renew(this.token);
    if (code === 'account_disabled') throw new SignInError('refused', code);
  }

  private giveUpOrWait(error: unknown): void {
    if (this.closed) return;
    if (error instanceof SignInError && error.problem !== 'unreachable') {
      this.close();
      this.handlers.ended(error);
      return;
    }
    const retryAfter = error instanceof SignInError ? error.retryAfter : undefined;
    this.openIn(retryAfter === undefined ? backoff(++this.refusals) : retryAfter * 1000);
  }

  /**
   * From scratch and at once. Manager.open() would be a trap here: called while the manager waits to
   * reconnect, it connects but leaves the manager believing that it still reconnects, and the next
   * loss is then final. Disconnecting first clears that state.
   */
  private reconnect(): void {
    this.timeouts = 0;
    this.socket.disconnect();
    void this.open();
  }

  private openIn(ms: number): void {
    this.stopTimer();
    if (this.closed) return;
    this.timer = setTimeout(() => void this.open(), ms);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** At once, then 1, 2, 4 … seconds, spread so that a restarted server is not met by everybody at a time. */
function backoff(turn: number): number {
  if (turn === 0) return 0;
  return Math.min(1000 * 2 ** (turn - 1), BACKOFF_MAX_MS) * (0.5 + Math.random());
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'error' in answer;
}

/** CONNECT_ERROR carries `data: {code, retryAfter}` (auth contract 7.4). */
function codeOf(error: Error & { data?: unknown }): string {
  const data = error.data as { code?: unknown } | undefined;
  return typeof data?.code === 'string' ? data.code : 'unavailable';
}

function retryAfterOf(error: Error & { data?: unknown }): number | undefined {
  const data = error.data as { retryAfter?: unknown } | undefined;
  return typeof data?.retryAfter === 'number' ? data.retryAfter : undefined;
}
