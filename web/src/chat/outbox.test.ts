import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Draft, Sent } from './events';
import { Outbox, type OutboxOptions, randomId, SendError, wipeOutbox } from './outbox';

/** A server end that a test drives by hand: each try waits until it is answered. */
class Wire {
  readonly tries: { draft: Draft; ack: (seq: number) => Promise<void>; refuse: (e: SendError) => Promise<void> }[] = [];

  readonly send = (draft: Draft): Promise<Sent> =>
    new Promise((resolve, reject) => {
      const flush = () => Promise.resolve().then(() => Promise.resolve());
      this.tries.push({
        draft,
        ack: (seq) => {
          resolve({ id: `1-${seq}`, seq, cid: draft.cid, created_at: '2026-11-20T10:00:00Z' });
          return flush();
        },
        refuse: (error) => {
          reject(error);
          return flush();
        },
      });
    });

  get last() {
    const last = this.tries.at(-1);
    if (!last) throw new Error('nothing was sent');
    return last;
  }

  get contents(): string[] {
    return this.tries.map((t) => t.draft.content);
  }
}

function make(wire: Wire, options: Partial<OutboxOptions> = {}): Outbox {
  let n = 0;
  return new Outbox({
    profileId: 7,
    storage: localStorage,
    send: wire.send,
    changed: () => {},
    newId: () => `cid-${++n}`,
    ...options,
  });
}

const states = (outbox: Outbox) => outbox.items.map((i) => `${i.content}:${i.state}`);

let wire: Wire;
beforeEach(() => {
  localStorage.clear();
  wire = new Wire();
});

describe('sending', () => {
  test('nothing goes out before the connection stands', () => {
    const outbox = make(wire);
    outbox.add('a');
    expect(wire.tries).toHaveLength(0);
    outbox.resume();
    expect(wire.contents).toEqual(['a']);
  });

  test('one is in flight, the next follows its ack, in order of writing', async () => {
    const outbox = make(wire);
    outbox.resume();
    for (const text of ['a', 'b', 'c']) outbox.add(text);
    expect(wire.contents).toEqual(['a']);
    await wire.last.ack(1);
    await wire.last.ack(2);
    expect(wire.contents).toEqual(['a', 'b', 'c']);
    expect(states(outbox)).toEqual(['a:sent', 'b:sent', 'c:waiting']);
    outbox.reached(2);
    expect(states(outbox)).toEqual(['c:waiting']);
  });

  test('a lost connection keeps the message and repeats it with the same cid', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    await wire.last.refuse(new SendError('disconnected'));
    expect(wire.tries).toHaveLength(1);
    outbox.resume();
    expect(wire.tries.map((t) => t.draft.cid)).toEqual(['cid-1', 'cid-1']);
  });

  test('the late end of an old connection does not stop the new one', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    outbox.resume();
    await wire.last.refuse(new SendError('disconnected'));
    expect(wire.tries).toHaveLength(2);
  });

  test('the message itself settles it when it comes before the ack', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    outbox.kept({ id: '1-1', seq: 1, cid: 'cid-1', created_at: '2026-11-20T10:00:00Z' });
    expect(states(outbox)).toEqual(['a:sent']);
    expect(localStorage.length).toBe(0);
    outbox.reached(1);
    await wire.last.ack(1);
    expect(outbox.items).toEqual([]);
  });
});

describe('refusals', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('rate_limited waits as long as told and goes on by itself', async () => {
    const slowed = vi.fn();
    const outbox = make(wire, { slowed, now: () => 1_000 });
    outbox.resume();
    outbox.add('a');
    await wire.last.refuse(new SendError('rate_limited', 3));
    expect(slowed).toHaveBeenCalledWith(4_000);
    expect(states(outbox)).toEqual(['a:waiting']);
    vi.advanceTimersByTime(2_999);
    expect(wire.tries).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(wire.tries.map((t) => t.draft.cid)).toEqual(['cid-1', 'cid-1']);
  });

  test('a timeout is tried again, without end', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    for (let n = 1; n <= 12; n++) {
      expect(wire.tries).toHaveLength(n);
      await wire.last.refuse(new SendError('timeout'));
      vi.advanceTimersByTime(10_000);
    }
    expect(states(outbox)).toEqual(['a:waiting']);
  });

  test('a server that keeps failing at one message does not block the others', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    outbox.add('b');
    for (let n = 1; n <= 5; n++) {
      await wire.last.refuse(new SendError('internal'));
      vi.advanceTimersByTime(10_000);
    }
    expect(states(outbox)).toEqual(['a:failed', 'b:waiting']);
    expect(wire.last.draft.content).toBe('b');
  });

  test.each(['validation_failed', 'cid_conflict', 'forbidden', 'not_member', 'some_future_code'])(
    '%s is final: it stays for retry or discard and the next goes on',
    async (code) => {
      const outbox = make(wire);
      outbox.resume();
      outbox.add('a');
      outbox.add('b');
      await wire.last.refuse(new SendError(code));
      expect(outbox.items[0]).toMatchObject({ state: 'failed', failure: { code } });
      expect(wire.last.draft.content).toBe('b');
    },
  );
});

describe('what the person does', () => {
  async function failed(): Promise<Outbox> {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    await wire.last.refuse(new SendError('forbidden'));
    return outbox;
  }

  test('retry sends it again with the same cid', async () => {
    const outbox = await failed();
    outbox.retry('cid-1');
    expect(states(outbox)).toEqual(['a:waiting']);
    expect(wire.tries.map((t) => t.draft.cid)).toEqual(['cid-1', 'cid-1']);
  });

  test('discard forgets it, here and in the storage', async () => {
    const outbox = await failed();
    outbox.discard('cid-1');
    expect(outbox.items).toEqual([]);
    expect(localStorage.length).toBe(0);
  });

  test('what waits cannot be discarded: it may be on its way', () => {
    const outbox = make(wire);
    outbox.add('a');
    outbox.discard('cid-1');
    expect(states(outbox)).toEqual(['a:waiting']);
  });

  test('the box is bounded', () => {
    const outbox = make(wire);
    const taken = Array.from({ length: 60 }, (_, i) => outbox.add(`${i}`)).filter(Boolean);
    expect(taken).toHaveLength(50);
  });
});

describe('over a reload', () => {
  test('waiting and failed ones are there again, in order, with their cids', async () => {
    const outbox = make(wire, { now: () => 5 });
    outbox.resume();
    for (const text of ['a', 'b', 'c']) outbox.add(text);
    await wire.last.refuse(new SendError('forbidden'));
    outbox.close();
    const again = make(wire);
    expect(states(again)).toEqual(['a:failed', 'b:waiting', 'c:waiting']);
    expect(again.items.map((i) => i.cid)).toEqual(['cid-1', 'cid-2', 'cid-3']);
  });

  test('nothing is ever sent under another mask', () => {
    make(wire).add('a');
    const other = make(wire, { profileId: 8 });
    other.resume();
    expect(other.items).toEqual([]);
    expect(wire.tries).toEqual([]);
  });

  test('a closed box sends nothing, even if its connection comes back', async () => {
    const outbox = make(wire);
    outbox.resume();
    outbox.add('a');
    outbox.add('b');
    outbox.close();
    await wire.last.ack(1);
    outbox.resume();
    expect(wire.contents).toEqual(['a']);
  });

  test('wiping takes one mask and leaves the others', () => {
    make(wire).add('a');
    make(wire, { profileId: 77 }).add('b');
    wipeOutbox(localStorage, 7);
    expect(make(wire).items).toEqual([]);
    expect(states(make(wire, { profileId: 77 }))).toEqual(['b:waiting']);
  });

  test('rubbish in the storage is passed over', () => {
    localStorage.setItem('maska.outbox.7.x', '{');
    localStorage.setItem('maska.outbox.7.y', '{"cid":1}');
    localStorage.setItem('maska.outbox.7.z', 'null');
    expect(make(wire).items).toEqual([]);
  });

  test('a full or missing storage does not stop the sending', () => {
    const full: Storage = Object.assign(Object.create(localStorage) as Storage, {
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    });
    for (const storage of [full, null]) {
      const outbox = make(wire, { storage });
      outbox.resume();
      expect(outbox.add('a')).toBe(true);
      expect(wire.last.draft.content).toBe('a');
    }
  });
});

test('ids are UUIDs of version 4, also without crypto.randomUUID', () => {
  const v4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(randomId()).toMatch(v4);
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(randomId()).toMatch(v4);
  vi.unstubAllGlobals();
});
