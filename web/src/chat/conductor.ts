/**
 * Brings the parts together: sign-in, socket, room, cache. It alone writes the store, and it alone
 * decides which room object stands behind it, because a new mask means a new one.
 */
import { type Api, createApi } from '../api/client';
import { ApiError, UNREACHABLE } from '../api/error';
import { browserStorage, deviceName, Keeper, lastPerson, personKey } from '../api/keeper';
import { type Entered, Session, SignInError } from '../api/session';
import { Cache } from './cache';
import { ConnectionState } from './connection';
import { canSend, normalise } from './content';
import type { Position } from './events';
import { cachedLog, LiveRoom } from './liveRoom';
import { type Failure, GLOBAL_ROOM, type Profile } from './model';
import { SendError } from './outbox';
import type { Platform } from './platform';
import type { Log, Page } from './roomLog';
import { ChatSocket } from './socket';
import { type ChatState, initialState, type Outcome } from './state';

const PAGE = 50;
const RETRY_MAX_MS = 15_000;

export class Conductor {
  room: LiveRoom | null = null;
  private readonly storage = browserStorage();
  private readonly api: Api;
  private session: Session | null = null;
  private socket: ChatSocket | null = null;
  private cache: Cache | null = null;
  /** The newest page, asked for beside the mask at the very first start. */
  private firstPage: Promise<Page> | null = null;
  private standing = false;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly stops: (() => void)[] = [];
  private closed = false;
  private readonly connection = new ConnectionState((connection) => this.set({ connection }));

  constructor(
    private readonly platform: Platform,
    private readonly origin: string,
    private readonly get: () => ChatState,
    private readonly write: (change: Partial<ChatState>) => void,
  ) {
    this.api = createApi({
      origin,
      language: () => platform.language(),
      device: () => deviceName(this.storage),
    });
  }

  /** `entered` is what a sign-in outside Telegram gave; without it the session is looked for, or begun with initData. */
  async start(entered?: Entered): Promise<void> {
    if (this.session) return;
    const { initData, userId, deviceInfo, secrets } = this.platform;
    const person = userId === null ? lastPerson(this.storage) : await personKey(this.storage, userId);
    const keeper = new Keeper(this.storage, secrets, person);
    this.session = new Session({ api: this.api, keeper, initData, deviceInfo, locks: navigator.locks });
    if (entered) this.session.enter(entered);
    // Asked for before anything is drawn: the answer travels while the page is built.
    const token = this.session.token();
    this.watchPage();
    this.showCached(keeper.account);
    await this.signIn(token);
  }

  tryAgain(): void {
    if (this.timer === null) return;
    this.stopTimer();
    void this.signIn();
  }

  send(text: string): boolean {
    const sent = canSend(text, this.get().limits) && (this.room?.send(normalise(text)) ?? false);
    if (sent) this.setDraft('');
    return sent;
  }

  setDraft(draft: string): void {
    this.set({ draft });
    const { profile } = this.get();
    if (profile) this.cache?.keepDraft(profile.id, draft);
  }

  async newMask(): Promise<Outcome> {
    if (!this.session) return { ok: false, code: UNREACHABLE };
    // Nothing that waits may slip out under the new mask before we know of it.
    this.room?.lost();
    try {
      const { profile } = await this.api.newMask(this.session);
      this.wear(profile);
      return { ok: true };
    } catch (error) {
      return { ok: false, ...failureOf(error) };
    } finally {
      if (this.standing) this.room?.connected();
    }
  }

  /** `code` is told on the page that is left: `logged_out`, or `erased` when there is no session to end any more. */
  async leave(code: 'logged_out' | 'erased'): Promise<void> {
    this.stop();
    this.cache?.wipe();
    this.set({ ...initialState, phase: 'ended', refusal: { code } });
    this.closed = true;
    await this.session?.leave(code === 'logged_out');
  }

  /** Lets go of everything and says nothing more; what is kept on the device stays. */
  close(): void {
    this.stop();
    this.closed = true;
    this.session?.close();
  }

  /** A token for what is asked beside the chat; an end of the session is an end for the chat too. */
  async token(ask: (session: Session) => Promise<string>): Promise<string> {
    if (!this.session) throw new SignInError('outside', 'token_missing');
    try {
      return await ask(this.session);
    } catch (error) {
      if (error instanceof SignInError && error.problem !== 'unreachable') this.failed(error);
      throw error;
    }
  }

  /** What still comes in after the end must not show in the next conductor's chat. */
  private set(change: Partial<ChatState>): void {
    if (!this.closed) this.write(change);
  }

  private showCached(account: number | null): void {
    if (account === null) return;
    this.cache = new Cache(this.storage, account);
    const mask = this.cache.mask();
    if (!mask) return;
    this.set({ limits: mask.limits, settings: mask.settings });
    this.wear(mask.profile);
  }

  private async signIn(token = this.session?.token()): Promise<void> {
    try {
      await token;
      this.signedIn();
    } catch (error) {
      this.failed(error);
    }
  }

  private signedIn(): void {
    const { session } = this;
    if (!session || session.account === null) return;
    this.openCache(session.account);
    if (!this.room) this.askFirstPage();
    this.socket ??= this.connect(session);
    void this.socket.open();
    void this.loadMe(session);
  }

  /** The person may have another account by now: erased elsewhere, and come back. */
  private openCache(account: number): void {
    if (this.cache?.account === account) return;
    this.cache?.wipe();
    this.cache = new Cache(this.storage, account);
  }

  private connect(session: Session): ChatSocket {
    const inRoom = (roomId: number): LiveRoom | null => (roomId === GLOBAL_ROOM ? this.room : null);
    return new ChatSocket(this.origin, session, {
      position: () => this.position(),
      connected: (profile) => {
        this.standing = true;
        this.connection.good();
        this.wear(profile);
        this.room?.connected();
      },
      lost: () => {
        this.standing = false;
        this.connection.doubt();
        this.room?.lost();
      },
      asked: () => this.connection.doubt(),
      answered: () => {
        if (this.standing) this.connection.good();
      },
      ended: (error) => this.failed(error),
      on: {
        message: (m) => inRoom(m.roomId)?.receive({ type: 'change', change: { seq: m.seq, message: m } }),
        changed: ({ roomId, seq, message }) => inRoom(roomId)?.receive({ type: 'change', change: { seq, message } }),
        room: ({ roomId, seq }) => inRoom(roomId)?.receive({ type: 'change', change: { seq, message: null } }),
        sync: (sync) => inRoom(sync.roomId)?.receive({ type: 'sync', sync }),
        heads: (heads) => {
          const head = heads[GLOBAL_ROOM];
          if (head !== undefined) this.room?.receive({ type: 'head', head });
        },
        presence: ({ roomId, online }) => {
          if (roomId === GLOBAL_ROOM && online !== this.get().online) this.set({ online });
        },
        mask: ({ profile }) => {
          this.wear(profile);
          if (this.standing) this.room?.connected();
        },
      },
    });
  }

  private position(): Position {
    const at = this.room?.position();
    return at ? { rooms: { [GLOBAL_ROOM]: at.last }, epochs: { [GLOBAL_ROOM]: at.epoch } } : { rooms: {}, epochs: {} };
  }

  /** What others see of me from now on. A change of looks keeps the room, another mask replaces it. */
  private wear(profile: Profile): void {
    const { room, cache } = this;
    const { limits, settings } = this.get();
    if (room && same(room.profile, profile)) return;
    if (room?.profile.id === profile.id) {
      room.looksLike(profile);
      cache?.keepMask({ profile, limits, settings });
      this.set({ profile });
      return;
    }
    room?.close();
    cache?.keepMask({ profile, limits, settings });
    this.room = this.enter(profile, room?.log ?? cachedLog(cache, profile.id, settings.messageDays, Date.now()));
    const draft = cache?.draft(profile.id) ?? '';
    this.set({ profile, draft, slowUntil: null, phase: 'ready', refusal: null });
  }

  private enter(profile: Profile, log: Log): LiveRoom {
    const room = new LiveRoom({
      profile,
      storage: this.storage,
      cache: this.cache,
      log,
      server: {
        send: (draft) => this.here().send(draft),
        sync: (after, epoch) => this.here().sync(GLOBAL_ROOM, after, epoch),
        page: (before) => this.page(before),
      },
      show: (view) => this.set(view),
      slowed: (slowUntil) => this.set({ slowUntil }),
    });
    room.setVisible(document.visibilityState === 'visible');
    room.refresh();
    return room;
  }

  private here(): ChatSocket {
    if (!this.socket) throw new SendError('disconnected');
    return this.socket;
  }

  private page(before?: number): Promise<Page> {
    const asked = before === undefined ? this.firstPage : null;
    if (asked) this.firstPage = null;
    return asked ?? this.askPage(before);
  }

  private askPage(before?: number): Promise<Page> {
    if (!this.session) return Promise.reject(new ApiError(UNREACHABLE, 0));
    const query = before === undefined ? { limit: PAGE } : { before, limit: PAGE };
    return this.api.messages(this.session, GLOBAL_ROOM, query);
  }

  private askFirstPage(): void {
    this.firstPage = this.askPage();
    // Whoever takes the page hears of its failure; until then it must not count as unhandled.
    this.firstPage.catch(() => {});
  }

  private async loadMe(session: Session): Promise<void> {
    try {
      const { profile, limits, settings } = await this.api.me(session);
      this.tries = 0;
      this.set({ limits, settings });
      this.wear(profile);
      this.cache?.keepMask({ profile, limits, settings });
    } catch (error) {
      this.failed(error);
    }
  }

  /** Final ends show their page; what may pass is tried again, behind the cached room if there is one. */
  private failed(error: unknown): void {
    if (this.closed) return;
    const { problem, failure } = problemOf(error);
    if (problem !== 'unreachable') {
      this.stop();
      this.set({ phase: problem, refusal: failure });
      return;
    }
    if (!this.room) this.set({ phase: 'unreachable' });
    this.stopTimer();
    const wait =
      failure.retryAfter === undefined ? Math.min(1000 * 2 ** this.tries++, RETRY_MAX_MS) : failure.retryAfter * 1000;
    this.timer = setTimeout(() => this.tryAgain(), wait);
  }

  private watchPage(): void {
    const listen = (target: Window | Document, event: string, run: () => void) => {
      target.addEventListener(event, run);
      this.stops.push(() => target.removeEventListener(event, run));
    };
    const visibility = (visible: boolean) => {
      this.room?.setVisible(visible);
      if (visible) this.wake();
    };
    for (const event of ['online', 'focus']) listen(window, event, () => this.wake());
    listen(window, 'offline', () => this.connection.doubt());
    listen(window, 'pagehide', () => visibility(false));
    listen(window, 'pageshow', () => visibility(document.visibilityState === 'visible'));
    this.stops.push(this.platform.onVisibility(visibility));
  }

  private wake(): void {
    this.tryAgain();
    this.socket?.wake();
    if (this.standing) this.room?.refresh();
  }

  private stop(): void {
    this.stopTimer();
    this.standing = false;
    for (const stop of this.stops.splice(0)) stop();
    this.connection.stop();
    this.socket?.close();
    this.room?.close();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

function problemOf(error: unknown): { problem: SignInError['problem']; failure: Failure } {
  const failure = failureOf(error);
  if (error instanceof SignInError) return { problem: error.problem, failure };
  return { problem: failure.code === 'account_disabled' ? 'refused' : 'unreachable', failure };
}

/** Anything but a refusal is a mistake of ours and must be heard of. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError || error instanceof SignInError)) throw error;
  const { code, retryAfter, challenge } = error;
  return { code, ...(retryAfter === undefined ? {} : { retryAfter }), ...(challenge ? { challenge } : {}) };
}

/** Masks come as plain JSON in one fixed order. */
const same = (a: Profile, b: Profile): boolean => JSON.stringify(a) === JSON.stringify(b);
