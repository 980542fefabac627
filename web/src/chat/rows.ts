/** From messages to the rows of the list: groups, day pills, the line "new messages". Pure. */
import type { Entry } from './model';

/**
 * One message and what stands above it. Pills and lines are no rows of their own: the list keeps its
 * place by the row at its top, and a message is still there when older ones come in, a pill is not.
 */
export interface Row {
  key: string;
  entry: Entry;
  /** First of its group: has the name. */
  first: boolean;
  /** Last of its group: has the face and the tail. */
  last: boolean;
  /** A day begins here. */
  newDay: boolean;
  /** The line "new messages" stands above. */
  unread: boolean;
}

/** Messages of one author that are closer than this are one group. */
const GROUP_MS = 5 * 60_000;

/**
 * `entries` ascending; `unreadFrom` is the seq of the first message not read before this visit. While
 * older messages are to come, the oldest one gets no day: it would lose it again and move the list.
 */
export function timeline(entries: readonly Entry[], unreadFrom: number | null, hasOlder: boolean): Row[] {
  const rows: Row[] = [];
  let lineDrawn = unreadFrom === null;
  for (const entry of entries) {
    const above = rows.at(-1);
    const newDay = above ? dayOf(above.entry.at) !== dayOf(entry.at) : !hasOlder;
    const unread = !lineDrawn && entry.seq !== undefined && entry.seq >= (unreadFrom ?? 0);
    if (unread) lineDrawn = true;
    const joins = above !== undefined && !newDay && !unread && sameGroup(above.entry, entry);
    if (joins) above.last = false;
    rows.push({ key: entry.key, entry, first: !joins, last: true, newDay, unread });
  }
  return rows;
}

function sameGroup(a: Entry, b: Entry): boolean {
  // A deleted message does not say whose it was; a failed one has its own line below it.
  if (a.deleted || b.deleted || a.state === 'failed') return false;
  return a.own === b.own && a.userId === b.userId && b.at - a.at < GROUP_MS;
}

function dayOf(at: number): number {
  const date = new Date(at);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
}
