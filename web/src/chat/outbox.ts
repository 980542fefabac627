/**
 * What was written and is not yet kept by the server. It survives a reload, is sent one at a time in
 * order of writing, always with the same cid, so that a repeated try is the same message; and only
 * under the mask it was written with: an outbox belongs to one profile.
 */
import { RENEWABLE } from '../api/client';
import type { Draft, Sent } from './events';
import { type Failure, GLOBAL_ROOM } from './model';

/** `sent`: kept by the server, but the log has not reached its seq yet. */
export type Item = { cid: string; content: string; at: number } & (
  | { state: 'waiting' }
  | { state: 'failed'; failure: Failure }
  | { state: 'sent'; id: string; seq: number }
);

/** Why a try did not succeed: a code of the server, or `disconnected`, or `timeout`. */
export class SendError extends Error {
  constructor(
    readonly code: string,
    /** Seconds. */
    readonly retryAfter?: number,
  ) {
    super(code);
    this.name = 'SendError';
  }
}

export interface OutboxOptions {
  profileId: number;
  storage: Storage | null;
  /** One try; rejects with a SendError. */
  send(draft: Draft): Promise<Sent>;
  changed(): void;
  /** The server asked to go slower, until this time (ms). */
  slowed?(until: number): void;
  now?(): number;
  newId?(): string;
}

/** More than a person writes while a train is in a tunnel. */
const MAX_ITEMS = 50;
/** Tries of a message that the server itself fails at; then the person decides. */
const MAX_TRIES = 5;

/** Codes that end by themselves; `rate_limited` and `unavailable` for as long as they last. */
const PATIENT = new Set(['rate_limited', 'unavailable', 'timeout']);
/** Codes of the connection, not of the message: it goes on after the next `resume`. */
const CONNECTION: ReadonlySet<string> = new Set(['disconnected', ...RENEWABLE]);

const prefix = (profileId: number) => `maska.outbox.${profileId}.`;

export class Outbox {
  private list: readonly Item[];
  private running = false;
  private closed = false;
  private inFlight: string | null = null;
  private tries = 0;
  /** Counts the connections, so that a late end of an old one does not stop the new one. */
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly now: () => number;
  private readonly newId: () => string;

  constructor(private readonly options: OutboxOptions) {
    this.now = options.now ?? Date.now;
    this.newId = options.newId ?? randomId;
    this.list = load(options.storage, options.profileId);
  }

  /** In order of writing; a sent one stands here until the log shows it. */
  get items(): readonly Item[] {
    return this.list;
  }

  /** False when too much waits already. */
  add(content: string): boolean {
    if (this.closed || this.list.length >= MAX_ITEMS) return false;
    // Two messages of one millisecond keep their order over a reload.
    const at = Math.max(this.now(), (this.list.at(-1)?.at ?? 0) + 1);
    const item: Item = { cid: this.newId(), content, at, state: 'waiting' };
    this.save(item);
    this.set([...this.list, item]);
    this.pump();
    return true;
  }

  retry(cid: string): void {
    this.replace(cid, ({ content, at, state }) => (state === 'failed' ? { cid, content, at, state: 'waiting' } : null));
    this.pump();
  }

  /** Only what failed can be taken back: what waits may already be on its way. */
  discard(cid: string): void {
    if (this.list.some((item) => item.cid === cid && item.state === 'failed')) this.drop(cid);
  }

  /** The connection stands and the server has confirmed the mask. */
  resume(): void {
    if (this.closed) return;
    this.running = true;
    this.round++;
    this.tries = 0;
    this.pump();
  }

  pause(): void {
    this.running = false;
  }

  /** The ack, or the message itself, whichever comes first; it stands here until the log shows it. */
  kept({ id, seq, cid, created_at }: Sent): void {
    this.options.storage?.removeItem(this.key(cid));
    this.replace(cid, ({ content }) => ({ cid, content, at: Date.parse(created_at), state: 'sent', id, seq }), false);
  }

  /** The log shows everything up to seq. */
  reached(last: number): void {
    const rest = this.list.filter((item) => item.state !== 'sent' || item.seq > last);
    if (rest.length < this.list.length) this.set(rest);
  }

  /** Stops for good: the mask is gone, or the page is. Stored items stay for the next start. */
  close(): void {
    this.closed = true;
    this.running = false;
    this.clearTimer();
  }

  private pump(): void {
    if (!this.running || this.inFlight !== null || this.timer !== null) return;
    const next = this.list.find((item) => item.state === 'waiting');
    if (!next) return;
    this.inFlight = next.cid;
    const { round } = this;
    const draft = { roomId: GLOBAL_ROOM, content: next.content, cid: next.cid };
    this.options.send(draft).then(
      (sent) => this.settled(next.cid, () => this.acknowledged(sent)),
      (error: unknown) => this.settled(next.cid, () => this.refused(next.cid, asSendError(error), round)),
    );
  }

  private settled(cid: string, apply: () => void): void {
    if (this.inFlight === cid) this.inFlight = null;
    if (this.closed) return;
    apply();
    this.pump();
  }

  private acknowledged(sent: Sent): void {
    this.tries = 0;
    this.kept(sent);
  }

  private refused(cid: string, { code, retryAfter }: SendError, round: number): void {
    if (CONNECTION.has(code)) {
      if (round === this.round) this.pause();
      return;
    }
    this.tries++;
    if (PATIENT.has(code) || (code === 'internal' && this.tries < MAX_TRIES)) {
      const wait = 1000 * (retryAfter ?? Math.min(2 ** (this.tries - 1), 10));
      if (code === 'rate_limited') this.options.slowed?.(this.now() + wait);
      this.waitThenPump(wait);
      return;
    }
    this.tries = 0;
    const failure: Failure = retryAfter === undefined ? { code } : { code, retryAfter };
    this.replace(cid, ({ content, at }) => ({ cid, content, at, state: 'failed', failure }));
  }

  private waitThenPump(ms: number): void {
    this.clearTimer();
    this.timer = setTimeout(() => {
      this.timer = null;
      this.pump();
    }, ms);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private replace(cid: string, change: (item: Item) => Item | null, persist = true): void {
    if (!this.list.some((item) => item.cid === cid)) return;
    const list = this.list.map((item) => {
      const next = item.cid === cid ? change(item) : null;
      if (next && persist) this.save(next);
      return next ?? item;
    });
    this.set(list);
  }

  private drop(cid: string): void {
    this.options.storage?.removeItem(this.key(cid));
    this.set(this.list.filter((item) => item.cid !== cid));
  }

  private set(list: readonly Item[]): void {
    this.list = list;
    this.options.changed();
  }

  /** One key per item: two tabs of one mask never overwrite each other's list. */
  private key(cid: string): string {
    return prefix(this.options.profileId) + cid;
  }

  private save(item: Item): void {
    try {
      this.options.storage?.setItem(this.key(item.cid), JSON.stringify(item));
    } catch {
      // A full storage costs the survival of a reload, not the message.
    }
  }
}

/** Erases what waits under a mask that was put down: it can never be sent. */
export function wipeOutbox(storage: Storage | null, profileId: number): void {
  for (const key of keysOf(storage, profileId)) storage?.removeItem(key);
}

function load(storage: Storage | null, profileId: number): readonly Item[] {
  return keysOf(storage, profileId)
    .flatMap((key) => parse(storage?.getItem(key) ?? ''))
    .sort((a, b) => a.at - b.at);
}

function keysOf(storage: Storage | null, profileId: number): string[] {
  if (!storage) return [];
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '');
  return keys.filter((key) => key.startsWith(prefix(profileId)));
}

function parse(text: string): Item[] {
  try {
    const item = JSON.parse(text) as Item;
    const whole = typeof item.cid === 'string' && typeof item.content === 'string' && typeof item.at === 'number';
    return whole && (item.state === 'waiting' || item.state === 'failed') ? [item] : [];
  } catch {
    return [];
  }
}

const asSendError = (error: unknown): SendError => (error instanceof SendError ? error : new SendError('disconnected'));

/** A UUID version 4; `crypto.randomUUID` is missing in older web views and on plain http. */
export function randomId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
