/**
 * The log of one room: a pure reducer. One counter numbers every stored change of the room; the log
 * applies `last + 1`, drops what is not newer than `last`, holds what comes after a hole and says
 * that it is behind. Whatever the order of live events, catch-up and pages, the same list results.
 */
import type { Sync } from './events';
import type { Message } from './model';

/** One numbered change of the room; without a message when the room itself changed. */
export interface Change {
  seq: number;
  message: Message | null;
}

/** A page of history by REST; ascending. */
export interface Page {
  items: readonly Message[];
  head: number;
  epoch: string;
  hasMore: boolean;
}

export interface Log {
  /** False until the first page, catch-up or cached copy: before that nothing can be placed. */
  readonly loaded: boolean;
  readonly epoch: string;
  /** Every change up to this seq is in. */
  readonly last: number;
  /** The highest seq heard of. */
  readonly head: number;
  /** From this seq on the list is complete; 1 when nothing older is left. */
  readonly floor: number;
  /** Ascending by seq. */
  readonly messages: readonly Message[];
  /** Changes behind a hole, ascending. */
  readonly held: readonly Change[];
  /** The newest changes below the floor: a page that was read before them must not bring the old text back. */
  readonly below: readonly Message[];
}

/** What survives a reload. */
export interface Snapshot {
  epoch: string;
  last: number;
  floor: number;
  messages: readonly Message[];
}

export const emptyLog: Log = {
  loaded: false,
  epoch: '',
  last: 0,
  head: 0,
  floor: 1,
  messages: [],
  held: [],
  below: [],
};

/** Held changes beyond this are dropped: catch-up brings them again. */
const HELD_MAX = 500;
const BELOW_MAX = 200;

export const hasOlder = (log: Log): boolean => log.loaded && log.floor > 1;

/** Whether something is known to be missing, so that `sync` must be asked for. */
export const isBehind = (log: Log): boolean => log.loaded && log.head > log.last;

/** A live `message`, `changed` or `room`. */
export function receive(log: Log, change: Change): Log {
  if (log.loaded && change.seq <= log.last) return log;
  const head = Math.max(log.head, change.seq);
  if (!log.loaded || change.seq > log.last + 1) return { ...log, head, held: hold(log.held, change) };
  return release(advance({ ...log, head }, change));
}

/** A `heads` event: how far the server is. */
export function heardHead(log: Log, head: number): Log {
  return head > log.head ? { ...log, head } : log;
}

/** Catch-up: an answer to our `sync`, or one the server sent by itself. */
export function applySync(log: Log, sync: Sync): Log {
  if (sync.reset) return reset(log, { ...sync, hasMore: first(sync.items) > 1 });
  // Without a start there is no telling what came before these items; the first page is on its way.
  if (!log.loaded || sync.epoch !== log.epoch) return heardHead(log, sync.head);
  // What the server repairs for everybody begins beyond who is still catching up.
  if (sync.after !== undefined && sync.after > log.last) return heardHead(log, sync.head);
  const last = sync.more ? (sync.items.at(-1)?.rev ?? log.last) : sync.head;
  if (last <= log.last) return settleHead(log, sync);
  return settleHead(release({ ...sync.items.reduce(put, log), last }), sync);
}

/** The newest page by REST, asked for when nothing was cached; ignored once there is a log. */
export function applyPage(log: Log, page: Page): Log {
  return log.loaded && log.epoch === page.epoch ? heardHead(log, page.head) : reset(log, page);
}

/** The page before the floor; `before` is the floor it was asked for. */
export function applyOlder(log: Log, before: number, page: Page): Log {
  if (!log.loaded || page.epoch !== log.epoch || before !== log.floor) return log;
  const floor = page.hasMore ? Math.min(first(page.items), before) : 1;
  const listed = new Set(page.items.map((m) => m.seq));
  const newer = log.below.filter((m) => listed.has(m.seq));
  const below = log.below.filter((m) => m.seq < floor);
  return [...page.items, ...newer].reduce(put, { ...log, floor, below });
}

/** Forgets the oldest so that a long evening does not fill the memory; they can be loaded again. */
export function trim(log: Log, keep: number): Log {
  const messages = log.messages.slice(-keep);
  return messages.length === log.messages.length ? log : { ...log, messages, floor: first(messages) };
}

export function snapshot(log: Log, keep: number): Snapshot {
  const { epoch, last, floor, messages } = trim(log, keep);
  return { epoch, last, floor, messages };
}

export function restore(saved: Snapshot): Log {
  return { ...emptyLog, ...saved, loaded: true, head: saved.last };
}

function reset(log: Log, page: Page): Log {
  const sameHistory = !log.loaded || log.epoch === page.epoch;
  const floor = page.hasMore ? first(page.items) : 1;
  const fresh: Log = {
    ...emptyLog,
    loaded: true,
    epoch: page.epoch,
    last: page.head,
    // A reset may be older than what came live meanwhile; remembering that asks for the rest.
    head: Math.max(page.head, sameHistory ? log.head : 0),
    floor,
    held: sameHistory ? log.held : [],
  };
  return release(page.items.reduce(put, fresh));
}

/** Applies the held changes that are next, drops those that are known. */
function release(log: Log): Log {
  let out: Log = { ...log, held: log.held.filter((c) => c.seq > log.last) };
  for (let next = out.held[0]; next?.seq === out.last + 1; next = out.held[0]) {
    out = advance({ ...out, held: out.held.slice(1) }, next);
  }
  return { ...out, head: Math.max(out.head, out.last) };
}

function advance(log: Log, change: Change): Log {
  const placed = change.message ? put(log, change.message) : log;
  return { ...placed, last: change.seq };
}

/** After a complete answer the server's head is the truth, but for what is held. */
function settleHead(log: Log, sync: Sync): Log {
  return { ...log, head: Math.max(sync.head, log.last, log.held.at(-1)?.seq ?? 0) };
}

/** Puts a message at its place, unless this version or a newer one stands there. */
function put(log: Log, message: Message): Log {
  if (message.seq < log.floor) return { ...log, below: remember(log.below, message) };
  const at = indexOf(log.messages, message.seq);
  const present = log.messages[at];
  const messages = [...log.messages];
  if (present?.seq !== message.seq) messages.splice(at, 0, message);
  else if (message.rev <= present.rev) return log;
  else messages[at] = present.cid && !message.cid && !message.deletedAt ? { ...message, cid: present.cid } : message;
  return { ...log, messages };
}

function remember(below: readonly Message[], message: Message): readonly Message[] {
  return [...below.filter((m) => m.seq !== message.seq || m.rev > message.rev), message].slice(-BELOW_MAX);
}

function hold(held: readonly Change[], change: Change): readonly Change[] {
  if (held.some((c) => c.seq === change.seq)) return held;
  return [...held, change].sort((a, b) => a.seq - b.seq).slice(0, HELD_MAX);
}

/** Where seq is or would be; the newest end is looked at first, because that is where it mostly is. */
function indexOf(messages: readonly Message[], seq: number): number {
  if ((messages.at(-1)?.seq ?? 0) < seq) return messages.length;
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((messages[mid]?.seq ?? 0) < seq) low = mid + 1;
    else high = mid;
  }
  return low;
}

const first = (items: readonly Message[]): number => items[0]?.seq ?? 1;
