/**
 * One room under one mask: its log, what waits to be sent, what was read, and the bubbles made of it.
 * Everything that comes in is gathered and shown once per frame.
 */
import { ApiError } from '../api/error';
import { Batch } from './batch';
import { CACHED_MESSAGES, type Cache } from './cache';
import { entryMaker } from './entries';
import type { Draft, Sent, Sync } from './events';
import type { Entry, Message, Profile } from './model';
import { Outbox } from './outbox';
import {
  applyOlder,
  applyPage,
  applySync,
  type Change,
  emptyLog,
  hasOlder,
  heardHead,
  isBehind,
  type Log,
  type Page,
  receive,
  restore,
  snapshot,
  trim,
} from './roomLog';

/** The way to the server, whichever transport it takes. */
export interface RoomServer {
  send(draft: Draft): Promise<Sent>;
  sync(after: number, epoch: string): Promise<Sync>;
  /** The newest page, or the one before a seq. */
  page(before?: number): Promise<Page>;
}

export interface RoomView {
  loaded: boolean;
  entries: readonly Entry[];
  hasOlder: boolean;
  loadingOlder: boolean;
  unreadFrom: number | null;
  newSince: number;
}

export interface LiveRoomOptions {
  profile: Profile;
  server: RoomServer;
  storage: Storage | null;
  cache: Cache | null;
  /** What is known already: from the cache, or from the former mask. */
  log?: Log;
  show(view: RoomView): void;
  slowed(until: number): void;
}

export type RoomEvent =
  | { type: 'change'; change: Change }
  | { type: 'sync'; sync: Sync }
  | { type: 'page'; page: Page }
  | { type: 'older'; before: number; page: Page }
  | { type: 'head'; head: number };

/** Above this the oldest are let go while the list stands at its bottom. */
const KEEP_MAX = 600;
const KEEP = 300;
const PERSIST_MS = 1_000;
/** After a catch-up that brought nothing, or an older page that failed. */
const RETRY_MS = 2_000;

export class LiveRoom {
  private readonly outbox: Outbox;
  private readonly batch = new Batch<RoomEvent>((events) => this.take(events));
  private makeEntries: ReturnType<typeof entryMaker>;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private me: Profile;
  private state: Log;
  private online = false;
  private closed = false;
  private catching = false;
  /** A catch-up brought nothing: the next one waits. */
  private resting = false;
  private loadingPage = false;
  private loadingOlder = false;
  private persisting = false;
  private atBottom = true;
  /** Newest seq when the list left its bottom. */
  private mark = 0;
  private readSeq: number | null;
  private unreadFrom: number | null = null;
  /** While the person cannot have seen anything yet: before the first catch-up, or with the page hidden. */
  private away = true;
  private hidden = false;

  constructor(private readonly options: LiveRoomOptions) {
    const { profile, cache, storage, server } = options;
    this.me = profile;
    this.state = options.log ?? emptyLog;
    this.readSeq = cache?.readSeq(profile.id) ?? null;
    this.makeEntries = entryMaker(profile);
    this.outbox = new Outbox({
      profileId: profile.id,
      storage,
      send: (draft) => server.send(draft),
      changed: () => this.show(),
      slowed: options.slowed,
    });
    this.findUnread();
    this.show();
  }

  get profile(): Profile {
    return this.me;
  }

  /** The same mask with another face or name. */
  looksLike(profile: Profile): void {
    this.me = profile;
    this.makeEntries = entryMaker(profile);
    this.show();
  }

  /** For the next mask: the room goes on, only who looks at it changes. */
  get log(): Log {
    return this.state;
  }

  /** How far this device is, told at connect; null before the first page. */
  position(): { last: number; epoch: string } | null {
    this.batch.flush();
    return this.state.loaded ? { last: this.state.last, epoch: this.state.epoch } : null;
  }

  /** The connection stands and the mask is confirmed. */
  connected(): void {
    this.online = true;
    this.resting = false;
    this.outbox.resume();
    this.refresh();
  }

  lost(): void {
    this.online = false;
    this.outbox.pause();
  }

  receive(event: RoomEvent): void {
    if (!this.closed) this.batch.add(event);
  }

  /** Asks for whatever may be missing; also the way to find out whether the connection still lives. */
  refresh(): void {
    if (this.state.loaded) void this.catchUp();
    else void this.loadNewest();
  }

  send(content: string): boolean {
    return this.outbox.add(content);
  }

  retry(cid: string): void {
    this.outbox.retry(cid);
  }

  discard(cid: string): void {
    this.outbox.discard(cid);
  }

  read(seq: number): void {
    if (seq <= (this.readSeq ?? 0)) return;
    this.readSeq = seq;
    this.persist();
  }

  setAtBottom(atBottom: boolean): void {
    if (this.atBottom === atBottom) return;
    this.batch.flush();
    this.atBottom = atBottom;
    this.mark = this.newest;
    this.show();
  }

  /** A visit ends when the page is hidden; what comes then is new at the next one. */
  setVisible(visible: boolean): void {
    this.batch.flush();
    this.hidden = !visible;
    if (visible) return;
    this.save();
    if (this.unreadFrom !== null && (this.readSeq ?? 0) >= this.newest) {
      this.unreadFrom = null;
      this.show();
    }
  }

  async loadOlder(): Promise<void> {
    const before = this.state.floor;
    if (this.loadingOlder || !hasOlder(this.state)) return;
    this.loadingOlder = true;
    this.show();
    const page = await this.options.server.page(before).catch(() => null);
    if (page) {
      this.loadingOlder = false;
      this.take([{ type: 'older', before, page }]);
      return;
    }
    // The list asks again as soon as it may, so the pause is here.
    this.after(RETRY_MS, () => {
      this.loadingOlder = false;
      this.show();
    });
  }

  /** The newest page, when there is nothing to catch up from. */
  private async loadNewest(): Promise<void> {
    if (this.loadingPage) return;
    this.loadingPage = true;
    const page = await this.options.server.page().catch((error: unknown) => waitOf(error));
    this.loadingPage = false;
    if (typeof page === 'number') {
      this.after(page, () => this.refresh());
      return;
    }
    this.take([{ type: 'page', page }]);
    // Between the reading of the page and the joining of the room something may have been said.
    void this.catchUp();
  }

  close(): void {
    this.batch.flush();
    this.save();
    this.closed = true;
    this.outbox.close();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private get newest(): number {
    return this.state.messages.at(-1)?.seq ?? 0;
  }

  private take(events: readonly RoomEvent[]): void {
    if (this.closed) return;
    for (const event of events) {
      this.state = apply(this.state, event);
      this.settle(event);
    }
    if (this.atBottom && this.state.messages.length > KEEP_MAX) this.state = trim(this.state, KEEP);
    this.outbox.reached(this.state.last);
    this.findUnread();
    if (this.state.loaded && events.some((e) => e.type === 'page' || (e.type === 'sync' && !e.sync.more)))
      this.away = false;
    this.show();
    this.persist();
    if (isBehind(this.state)) void this.catchUp();
  }

  /** Own messages among what came are no longer on their way, though a hole may still hide them. */
  private settle(event: RoomEvent): void {
    if (this.outbox.items.length === 0) return;
    for (const { userId, cid, id, seq, created_at } of messagesOf(event)) {
      if (userId === this.me.id && cid) this.outbox.kept({ id, seq, cid, created_at });
    }
  }

  private async catchUp(): Promise<void> {
    if (this.catching || this.resting || !this.online || this.closed || !this.state.loaded) return;
    this.catching = true;
    const { last, epoch } = this.state;
    // After a failure the next connection catches up by itself; if this one stands, a little later.
    const sync = await this.options.server.sync(last, epoch).catch(() => null);
    if (sync) {
      this.batch.flush();
      this.take([{ type: 'sync', sync }]);
    }
    this.catching = false;
    if (this.closed || !isBehind(this.state)) return;
    if (this.state.last > last) {
      void this.catchUp();
      return;
    }
    this.resting = true;
    this.after(RETRY_MS, () => {
      this.resting = false;
      void this.catchUp();
    });
  }

  private findUnread(): void {
    if (this.readSeq === null || this.unreadFrom !== null || !(this.away || this.hidden)) return;
    const { readSeq } = this;
    this.unreadFrom = this.state.messages.find((m) => m.seq > readSeq && this.isNews(m))?.seq ?? null;
  }

  private isNews(message: Message): boolean {
    return message.userId !== this.me.id && !message.deletedAt;
  }

  private show(): void {
    if (this.closed) return;
    const { messages } = this.state;
    this.options.show({
      loaded: this.state.loaded,
      entries: this.makeEntries(messages, this.outbox.items),
      hasOlder: hasOlder(this.state),
      loadingOlder: this.loadingOlder,
      unreadFrom: this.unreadFrom,
      newSince: this.atBottom ? 0 : messages.filter((m) => m.seq > this.mark && this.isNews(m)).length,
    });
  }

  private persist(): void {
    if (this.persisting) return;
    this.persisting = true;
    this.after(PERSIST_MS, () => this.save());
  }

  private save(): void {
    this.persisting = false;
    const { cache } = this.options;
    if (!cache || this.closed) return;
    if (this.state.loaded) cache.keepLog(this.me.id, snapshot(this.state, CACHED_MESSAGES));
    if (this.readSeq !== null) cache.keepReadSeq(this.me.id, this.readSeq);
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.closed) run();
    }, ms);
    this.timers.add(timer);
  }
}

/** What the cache kept of a room, as a log. */
export function cachedLog(cache: Cache | null, profileId: number, messageDays: number, now: number): Log {
  const saved = cache?.log(profileId, messageDays, now);
  return saved ? restore(saved) : emptyLog;
}

/** How long to wait before the page is asked for again. */
function waitOf(error: unknown): number {
  return error instanceof ApiError && error.retryAfter !== undefined ? error.retryAfter * 1000 : RETRY_MS;
}

function apply(log: Log, event: RoomEvent): Log {
  switch (event.type) {
    case 'change':
      return receive(log, event.change);
    case 'sync':
      return applySync(log, event.sync);
    case 'page':
      return applyPage(log, event.page);
    case 'older':
      return applyOlder(log, event.before, event.page);
    case 'head':
      return heardHead(log, event.head);
  }
}

function messagesOf(event: RoomEvent): readonly Message[] {
  switch (event.type) {
    case 'change':
      return event.change.message ? [event.change.message] : [];
    case 'sync':
      return event.sync.items;
    case 'page':
    case 'older':
      return event.page.items;
    case 'head':
      return [];
  }
}
