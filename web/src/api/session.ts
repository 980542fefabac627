/**
 * One person's session in this tab: gets an access token, keeps it fresh, and says when there is no
 * way to get one any more.
 */
import type { Api, Bearer, Tokens } from './client';
import { ApiError, type Challenge } from './error';
import type { Keeper } from './keeper';

/**
 * Why there is no token.
 * - `outside`: no initData and no stored session
 * - `stale`: initData is too old and no stored session lives
 * - `ended`: the session was ended, see `code`; only the person can begin another
 * - `refused`: the server said no for good, see `code`
 * - `unreachable`: not now; the same may work later
 */
export type SignInProblem = 'outside' | 'stale' | 'ended' | 'refused' | 'unreachable';

export class SignInError extends Error {
  constructor(
    readonly problem: SignInProblem,
    readonly code: string,
    /** Seconds. */
    readonly retryAfter?: number,
    /** With `mfa_required`. */
    readonly challenge?: Challenge,
  ) {
    super(code);
    this.name = 'SignInError';
  }
}

export interface SessionOptions {
  api: Api;
  keeper: Keeper;
  /** Raw initData of this launch, or empty. */
  initData: string;
  deviceInfo?: string | undefined;
  /** Absent in old web views; the server lets parallel refreshes converge, so it is only a courtesy. */
  locks?: LockManager | undefined;
  now?: () => number;
}

/** What a sign-in by e-mail, passkey or second factor answers with. */
export type Entered = Tokens & { user: { id: number } };

/** Ends that somebody brought about; others come by time, and initData may begin anew after them. */
const CUT: ReadonlySet<string> = new Set(['session_revoked', 'refresh_token_reused', 'user_not_found']);

interface Access {
  token: string;
  /** From when on it is better renewed (ms). */
  until: number;
}

/** A tab that was frozen with the lock must not hold up the others for longer. */
const LOCK_PATIENCE_MS = 4_000;
const RETRY_MS = 10_000;
/** A longer timer would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class Session implements Bearer {
  private access: Access | null = null;
  private renewing: Promise<string> | null = null;
  /** Why the session of this page is over. */
  private ended: string | null = null;
  /** Whether this page has been signed in. */
  private lived = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private over = false;
  private readonly listeners = new Set<(token: string) => void>();
  private readonly now: () => number;

  constructor(private readonly options: SessionOptions) {
    this.now = options.now ?? Date.now;
  }

  /** The account on this device, known from an earlier visit or since the sign-in. */
  get account(): number | null {
    return this.options.keeper.account;
  }

  /** A token that lives for a while yet; throws a SignInError. */
  async token(): Promise<string> {
    const { access } = this;
    return access && this.now() < access.until ? access.token : this.renew(access?.token ?? '');
  }

  /** Another token than the refused one; parallel calls share one request. */
  async renew(refused: string): Promise<string> {
    const { access } = this;
    if (access && access.token !== refused && this.now() < access.until) return access.token;
    this.renewing ??= this.obtain().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  /** Takes what a sign-in outside Telegram gave. */
  enter(tokens: Entered): void {
    this.options.keeper.belongTo(tokens.user.id);
    this.accept(tokens, tokens.user.id);
  }

  /** The session was ended from outside. It is not begun again unasked: somebody wanted it to end. */
  async revoked(): Promise<never> {
    this.end('session_revoked');
    await this.options.keeper.forgetToken();
    throw new SignInError('ended', 'session_revoked');
  }

  /** Called with each new token; returns the way to stop. */
  onToken(listener: (token: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the session here, and on the server as far as it can be reached and still knows of it. */
  async leave(tell = true): Promise<void> {
    const { api, keeper } = this.options;
    const refresh = await keeper.refreshToken();
    const token = this.access?.token;
    this.close();
    await keeper.forget();
    if (tell && token && refresh) await api.logout(token, refresh).catch(() => {});
  }

  close(): void {
    this.over = true;
    this.access = null;
    this.listeners.clear();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private obtain(): Promise<string> {
    const { keeper, locks } = this.options;
    return exclusively(locks, `maska.refresh.${keeper.account ?? 'new'}`, async () => {
      if (this.over) throw loggedOut();
      const refresh = this.ended ? null : await keeper.refreshToken();
      return (refresh && (await this.refresh(refresh))) || this.signIn();
    });
  }

  /** Null when the stored session is over. */
  private async refresh(refresh: string): Promise<string | null> {
    const { api, keeper } = this.options;
    try {
      const tokens = await api.refresh(refresh);
      return this.accept(tokens, tokens.user.id);
    } catch (error) {
      const ended = error instanceof ApiError && (error.status === 401 || error.status === 400);
      if (!ended) throw toSignInError(error);
      await keeper.forgetToken();
      // A page that was opened anew shows by that alone that somebody wants to come in.
      if (!this.options.initData || (this.lived && CUT.has(error.code))) this.end(error.code);
      return null;
    }
  }

  private end(code: string): void {
    this.access = null;
    this.ended = code;
  }

  private async signIn(): Promise<string> {
    const { api, initData, deviceInfo } = this.options;
    if (this.ended) throw new SignInError('ended', this.ended);
    if (!initData) throw new SignInError('outside', 'init_data_required');
    try {
      const tokens = await api.signIn(initData, deviceInfo);
      return this.accept(tokens, tokens.account.id);
    } catch (error) {
      throw toSignInError(error);
    }
  }

  private accept(tokens: Tokens, account: number): string {
    if (this.over) throw loggedOut();
    const { access_token: token, refresh_token, expires_in } = tokens;
    this.lived = true;
    this.access = { token, until: this.now() + expires_in * 900 };
    // Not waited for: a silent SecureStorage would hold up the start, and a lost write is forgiven once.
    void this.options.keeper.keep(account, refresh_token);
    this.renewAfter(expires_in * 800);
    for (const listener of this.listeners) listener(token);
    return token;
  }

  /** Ahead of time, so that a live socket never has to be asked for a new token. */
  private renewAfter(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.over) return;
    this.timer = setTimeout(
      () => {
        this.renew(this.access?.token ?? '').catch((error: unknown) => {
          if (error instanceof SignInError && error.problem === 'unreachable') this.renewAfter(RETRY_MS);
        });
      },
      Math.min(ms, TIMER_MAX_MS),
    );
  }
}

const loggedOut = () => new SignInError('outside', 'logged_out');

function toSignInError(error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  if (!(error instanceof ApiError)) throw error;
  const { code, retryAfter, challenge } = error;
  if (error.temporary) return new SignInError('unreachable', code, retryAfter);
  return new SignInError(code === 'init_data_expired' ? 'stale' : 'refused', code, retryAfter, challenge);
}

/** One tab at a time where the browser can do that, and without it after some patience. */
async function exclusively<T>(locks: LockManager | undefined, name: string, work: () => Promise<T>): Promise<T> {
  if (!locks) return work();
  const impatient = new AbortController();
  const timer = setTimeout(() => impatient.abort(), LOCK_PATIENCE_MS);
  let started = false;
  try {
    return await locks.request(name, { signal: impatient.signal }, () => {
      started = true;
      clearTimeout(timer);
      return work();
    });
  } catch (error) {
    if (started) throw error;
    return work();
  } finally {
    clearTimeout(timer);
  }
}
