/** From the log and the outbox to the bubbles on the screen. */
import type { Entry, Message, Profile } from './model';
import type { Item } from './outbox';

/**
 * Makes the list for one mask. The maker remembers the bubble of each message, so an unchanged
 * message gives the identical object and its row need not be drawn again.
 */
export function entryMaker(me: Profile): (messages: readonly Message[], outbox: readonly Item[]) => readonly Entry[] {
  const known = new WeakMap<Message | Item, Entry>();
  const remember = <T extends Message | Item>(thing: T, make: (thing: T) => Entry): Entry => {
    const entry = known.get(thing) ?? make(thing);
    known.set(thing, entry);
    return entry;
  };
  const ofMessage = (m: Message) => messageEntry(m, me);
  const ofItem = (i: Item) => itemEntry(i, me);

  return (messages, outbox) => {
    const entries = messages.map((m) => remember(m, ofMessage));
    if (outbox.length === 0) return entries;
    const shown = new Set(entries.filter((e) => e.own).map((e) => e.cid));
    const last = messages.at(-1)?.seq ?? 0;
    const missing = outbox.filter((i) => !shown.has(i.cid) && (i.state !== 'sent' || i.seq > last));
    return [...entries, ...missing.sort(bySeqThenTime).map((i) => remember(i, ofItem))];
  };
}

/** What the server has already numbered stands before what still waits. */
function bySeqThenTime(a: Item, b: Item): number {
  const place = (i: Item) => (i.state === 'sent' ? i.seq : Number.MAX_SAFE_INTEGER);
  return place(a) - place(b) || a.at - b.at;
}

function messageEntry(m: Message, me: Profile): Entry {
  const own = m.userId === me.id;
  return {
    // Of others' messages only live frames carry the cid, so it is no name for them.
    key: own && m.cid ? `c:${m.cid}` : `m:${m.id}`,
    id: m.id,
    seq: m.seq,
    author: m.author ?? null,
    userId: m.userId ?? 0,
    content: m.content ?? '',
    at: Date.parse(m.created_at),
    own,
    state: 'sent',
    ...(own && m.cid ? { cid: m.cid } : {}),
    ...(m.deletedAt ? { deleted: true } : {}),
    ...(m.editedAt ? { edited: true } : {}),
    ...(m.replyTo ? { replyTo: m.replyTo } : {}),
  };
}

function itemEntry(item: Item, me: Profile): Entry {
  const { cid, content, at } = item;
  const base = { key: `c:${cid}`, cid, author: me, userId: me.id, content, at, own: true };
  if (item.state === 'sent') return { ...base, state: 'sent', id: item.id, seq: item.seq };
  if (item.state === 'failed') return { ...base, state: 'failed', failure: item.failure };
  return { ...base, state: 'pending' };
}
