import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sync } from './events';
import type { Message } from './model';
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

const EPOCH = 'e1';

function said(seq: number, rev = seq, content = `m${seq}r${rev}`): Message {
  return { id: `1-${seq}`, seq, rev, roomId: 1, created_at: '2026-11-20T10:00:00Z', userId: 7, content, author: null };
}
const live = (seq: number): Change => ({ seq, message: said(seq) });
const edit = (place: number, rev: number): Change => ({ seq: rev, message: said(place, rev) });
const page = (items: Message[], head: number, hasMore = false): Page => ({ items, head, epoch: EPOCH, hasMore });
const seqs = (log: Log): number[] => log.messages.map((m) => m.seq);
const started = applyPage(emptyLog, page([said(1), said(2)], 2));

describe('live events', () => {
  test('the next one is applied, a known one is dropped', () => {
    const log = receive(receive(started, live(3)), live(3));
    expect(seqs(log)).toEqual([1, 2, 3]);
    expect(isBehind(log)).toBe(false);
    expect(receive(log, live(2))).toBe(log);
  });

  test('behind a hole they are held until the hole is filled', () => {
    const holed = receive(receive(started, live(5)), live(4));
    expect(seqs(holed)).toEqual([1, 2]);
    expect(isBehind(holed)).toBe(true);
    const whole = receive(holed, live(3));
    expect(seqs(whole)).toEqual([1, 2, 3, 4, 5]);
    expect(isBehind(whole)).toBe(false);
  });

  test('a change of the room itself takes a seq and shows nothing', () => {
    const log = receive(receive(started, { seq: 3, message: null }), live(4));
    expect(seqs(log)).toEqual([1, 2, 4]);
    expect(isBehind(log)).toBe(false);
  });

  test('an edit stays at its place, a deletion loses its words', () => {
    const edited = receive(started, edit(1, 3));
    expect(edited.messages.map((m) => m.content)).toEqual(['m1r3', 'm2r2']);
    const { content: _, userId: __, author: ___, ...rest } = said(2, 4);
    const gone = receive(edited, { seq: 4, message: { ...rest, deletedAt: rest.created_at } });
    expect(gone.messages[1]?.content).toBeUndefined();
    expect(seqs(gone)).toEqual([1, 2]);
  });

  test('what comes before the first page waits for it', () => {
    const early = receive(receive(emptyLog, live(2)), live(3));
    expect(early.messages).toEqual([]);
    expect(seqs(applyPage(early, page([said(1), said(2)], 2)))).toEqual([1, 2, 3]);
  });

  test('heads show a missed tail', () => {
    expect(isBehind(heardHead(started, 2))).toBe(false);
    expect(isBehind(heardHead(started, 3))).toBe(true);
  });
});

describe('catch-up', () => {
  test('holes inside the items are normal and last becomes head', () => {
    const log = applySync(started, { items: [said(4), said(1, 6)], head: 7, epoch: EPOCH });
    expect(seqs(log)).toEqual([1, 2, 4]);
    expect(log.last).toBe(7);
  });

  test('with more, last is the last item and the rest is still missing', () => {
    const log = applySync(started, { items: [said(3), said(4)], head: 9, epoch: EPOCH, more: true });
    expect(log.last).toBe(4);
    expect(isBehind(log)).toBe(true);
  });

  test('what begins beyond us is asked for, not believed', () => {
    const log = applySync(started, { after: 8, items: [said(9)], head: 9, epoch: EPOCH });
    expect(log.last).toBe(2);
    expect(isBehind(log)).toBe(true);
  });

  test('an answer that comes late takes nothing back', () => {
    const log = receive(receive(started, live(3)), edit(3, 4));
    const late = applySync(log, { items: [said(3)], head: 3, epoch: EPOCH });
    expect(late.messages.at(-1)?.rev).toBe(4);
    expect(late.last).toBe(4);
  });

  test('a server that knows no more than we do ends the asking', () => {
    const log = applySync(heardHead(started, 9), { items: [], head: 2, epoch: EPOCH });
    expect(isBehind(log)).toBe(false);
  });

  test('a reset with another epoch replaces everything', () => {
    const log = applySync(receive(started, live(9)), { items: [said(1)], head: 1, epoch: 'e2', reset: true });
    expect(seqs(log)).toEqual([1]);
    expect(log.epoch).toBe('e2');
    expect(isBehind(log)).toBe(false);
    expect(log.held).toEqual([]);
  });

  test('an answer that does not reach what is held leaves the hole open', () => {
    const log = applySync(receive(started, live(6)), { items: [said(3)], head: 3, epoch: EPOCH });
    expect(isBehind(log)).toBe(true);
  });

  test('a reset that is older than the live events asks for the rest', () => {
    const log = applySync(receive(started, live(3)), { items: [said(2)], head: 2, epoch: EPOCH, reset: true });
    expect(isBehind(log)).toBe(true);
    expect(hasOlder(log)).toBe(true);
  });
});

describe('history', () => {
  const windowed = applyPage(emptyLog, page([said(11), said(12)], 12, true));

  test('an older page goes before, and the beginning is known', () => {
    expect(hasOlder(windowed)).toBe(true);
    const wider = applyOlder(windowed, 11, page([said(9), said(10)], 12, true));
    expect(seqs(wider)).toEqual([9, 10, 11, 12]);
    const whole = applyOlder(wider, 9, page([said(3)], 12));
    expect(seqs(whole)).toEqual([3, 9, 10, 11, 12]);
    expect(hasOlder(whole)).toBe(false);
  });

  test('a page asked for twice is taken once', () => {
    const wider = applyOlder(windowed, 11, page([said(10)], 12, true));
    expect(applyOlder(wider, 11, page([said(10)], 12, true))).toBe(wider);
  });

  test('changes above the window are ignored, yet no stale page brings the old text back', () => {
    const changed = receive(windowed, edit(10, 13));
    expect(seqs(changed)).toEqual([11, 12]);
    const wider = applyOlder(changed, 11, page([said(10)], 12, true));
    expect(wider.messages[0]?.content).toBe('m10r13');
  });

  test('a page that knows more than we do is not undone by the changes before it', () => {
    const wider = applyOlder(windowed, 11, page([said(10, 14)], 14, true));
    expect(receive(wider, edit(10, 13)).messages[0]?.content).toBe('m10r14');
  });

  test('a version that stands there already stays the identical object', () => {
    const again = applySync(started, { items: [said(2), said(3)], head: 3, epoch: EPOCH });
    expect(again.messages[1]).toBe(started.messages[1]);
  });

  test('trimming keeps the newest and knows that there is more', () => {
    const log = trim(started, 1);
    expect(seqs(log)).toEqual([2]);
    expect(hasOlder(log)).toBe(true);
  });
});

/** A room as a server keeps it: `messages` by place, every change with the next number. */
class Room {
  head = 0;
  readonly frames: Change[] = [];
  readonly messages: Message[] = [];

  say(): void {
    this.head++;
    this.push(said(this.head));
    this.messages.push(said(this.head));
  }

  change(pick: number): void {
    const at = pick % Math.max(1, this.messages.length);
    const present = this.messages[at];
    if (!present) {
      this.say();
      return;
    }
    this.head++;
    this.messages[at] = said(present.seq, this.head);
    this.push(said(present.seq, this.head));
  }

  sync(after: number): Sync {
    const items = this.messages.filter((m) => m.rev > after).sort((a, b) => a.rev - b.rev);
    if (after > this.head || items.length > 40) {
      return { items: this.messages.slice(-10), head: this.head, epoch: EPOCH, reset: true };
    }
    return { items: items.slice(0, 6), head: this.head, epoch: EPOCH, more: items.length > 6 };
  }

  page(before: number): Page {
    const older = this.messages.filter((m) => m.seq < before);
    return { items: older.slice(-5), head: this.head, epoch: EPOCH, hasMore: older.length > 5 };
  }

  private push(message: Message): void {
    this.frames.push({ seq: this.head, message });
  }
}

/** A reader whose answers may arrive much later than they were asked for, and whose frames get lost. */
class Reader {
  log = emptyLog;
  private readonly answers: (() => void)[] = [];
  private next = 0;

  constructor(private readonly room: Room) {}

  step(op: number, pick: number): void {
    const { room } = this;
    const frame = room.frames[this.next];
    if (op === 0) room.say();
    else if (op === 1) room.change(pick);
    else if (op <= 4 && frame) {
      this.next++;
      this.log = receive(this.log, frame);
    } else if (op === 5) this.next += pick % 3;
    else if (op === 6) this.next = Math.max(0, this.next - (pick % 5));
    else if (op === 7) this.askSync();
    else if (op === 8) this.askOlder();
    else if (op === 9) this.answers.splice(pick % Math.max(1, this.answers.length), 1)[0]?.();
    else if (op === 10) this.log = heardHead(this.log, room.head);
    else if (op === 11 && this.log.loaded) this.log = restore(snapshot(this.log, 8));
    else if (op === 12) this.askPage();
  }

  askSync(): void {
    if (!this.log.loaded) return;
    const answer = this.room.sync(this.log.last);
    this.answers.push(() => {
      this.log = applySync(this.log, answer);
    });
  }

  askOlder(): void {
    const before = this.log.floor;
    const answer = this.room.page(before);
    this.answers.push(() => {
      this.log = applyOlder(this.log, before, answer);
    });
  }

  askPage(): void {
    const answer = this.room.page(Number.POSITIVE_INFINITY);
    this.answers.push(() => {
      this.log = applyPage(this.log, answer);
    });
  }

  /** All that is on its way arrives, and whoever is behind asks until he is not. */
  settle(): void {
    this.askPage();
    for (const answer of this.answers.splice(0)) answer();
    this.log = heardHead(this.log, this.room.head);
    for (let rounds = 0; isBehind(this.log); rounds++) {
      expect(rounds).toBeLessThan(100);
      this.log = applySync(this.log, this.room.sync(this.log.last));
    }
  }
}

/** What a log must show: everything from its floor on whose last change it has seen. */
function expectComplete(log: Log, room: Room): void {
  const present = new Map(log.messages.map((m) => [m.seq, m]));
  expect(present.size).toBe(log.messages.length);
  expect(seqs(log)).toEqual([...seqs(log)].sort((a, b) => a - b));
  for (const m of room.messages) {
    if (m.seq >= log.floor && m.rev <= log.last) expect(present.get(m.seq)).toEqual(m);
  }
}

test('any mixture of live events, losses, catch-up, pages and reloads ends in the same list', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 100 })), { minLength: 5, maxLength: 150 });
  fc.assert(
    fc.property(steps, (ops) => {
      const room = new Room();
      const reader = new Reader(room);
      for (const [op, pick] of ops) {
        reader.step(op, pick);
        if (reader.log.loaded) expectComplete(reader.log, room);
      }
      reader.settle();
      expect(reader.log.last).toBe(room.head);
      expect(reader.log.messages).toEqual(room.messages.filter((m) => m.seq >= reader.log.floor));
    }),
    { seed: 20261120, numRuns: 500 },
  );
});
