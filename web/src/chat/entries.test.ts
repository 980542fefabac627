import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryMaker } from './entries';
import type { Message, Profile } from './model';
import type { Item } from './outbox';

const me: Profile = {
  id: 7,
  nickname: 'Quiet Fox',
  avatarUrl: '/avatar/7.svg',
  color: 3,
  photos: [],
  createdDay: '2026-11-20',
};
const other = { id: 8, nickname: 'Velvet Owl', avatarUrl: '/avatar/8.svg', color: 5 };

function said(seq: number, userId: number, more: Partial<Message> = {}): Message {
  const author = userId === me.id ? me : other;
  return {
    id: `1-${seq}`,
    seq,
    rev: seq,
    roomId: 1,
    created_at: '2026-11-20T10:00:00Z',
    userId,
    content: 'hi',
    author,
    ...more,
  };
}
const waiting = (cid: string, at = 1): Item => ({ cid, content: 'hi', at, state: 'waiting' });
const kept = (cid: string, seq: number): Item => ({ cid, content: 'hi', at: 1, state: 'sent', id: `1-${seq}`, seq });

describe('one bubble for one message', () => {
  test('waiting, kept and arrived have the same key', () => {
    const make = entryMaker(me);
    const keys = [
      make([], [waiting('x')]),
      make([], [kept('x', 1)]),
      make([said(1, 7, { cid: 'x' })], [kept('x', 1)]),
      make([said(1, 7, { cid: 'x' })], [waiting('x')]),
      make([said(1, 7, { cid: 'x' })], []),
    ].map((entries) => entries.map((e) => e.key));
    expect(new Set(keys.flat())).toEqual(new Set(['c:x']));
    expect(keys.every((k) => k.length === 1)).toBe(true);
  });

  test('the cid of somebody else names nothing', () => {
    const [entry] = entryMaker(me)([said(1, 8, { cid: 'x' })], []);
    expect(entry).toMatchObject({ key: 'm:1-1', own: false });
    expect(entry).not.toHaveProperty('cid');
  });

  test('an unchanged message gives the identical object', () => {
    const make = entryMaker(me);
    const first = said(1, 8);
    const [before] = make([first], []);
    const [after] = make([first, said(2, 8)], [waiting('x')]);
    expect(after).toBe(before);
  });

  test('whatever comes first, ack or frame, a sent message is there exactly once', () => {
    const orders = fc.shuffledSubarray(['ack', 'frame', 'foreign', 'waits'], { minLength: 4 });
    fc.assert(
      fc.property(orders, (order) => {
        const make = entryMaker(me);
        let log: Message[] = [];
        let box: Item[] = [waiting('x')];
        for (const what of order) {
          if (what === 'ack') box = box.map((i) => (i.cid === 'x' ? kept('x', 2) : i));
          if (what === 'frame') log = [...log, said(2, 7, { cid: 'x' })];
          if (what === 'foreign') log = [said(1, 8), ...log];
          if (what === 'waits') box = [...box, waiting('y', 2)];
          const entries = make(log, box);
          expect(entries.filter((e) => e.key === 'c:x')).toHaveLength(1);
          expect(new Set(entries.map((e) => e.key)).size).toBe(entries.length);
        }
        expect(make(log, box).map((e) => e.key)).toEqual(['m:1-1', 'c:x', 'c:y']);
      }),
      { seed: 7 },
    );
  });
});

describe('what a bubble says', () => {
  test('a message of a mask that was put down has no author', () => {
    expect(entryMaker(me)([said(1, 9, { author: null })], [])[0]).toMatchObject({
      author: null,
      userId: 9,
      own: false,
    });
  });

  test('a deleted message has nothing left of itself', () => {
    const gone: Message = {
      id: '1-1',
      seq: 1,
      rev: 2,
      roomId: 1,
      created_at: '2026-11-20T10:00:00Z',
      deletedAt: '2026-11-20T10:01:00Z',
    };
    expect(entryMaker(me)([gone], [])[0]).toMatchObject({
      deleted: true,
      content: '',
      author: null,
      userId: 0,
      own: false,
    });
  });

  test('a failed one carries its reason, a waiting one is pending', () => {
    const failed: Item = { ...waiting('a'), state: 'failed', failure: { code: 'forbidden' } };
    const entries = entryMaker(me)([], [failed, waiting('b', 2)]);
    expect(entries.map((e) => [e.state, e.failure?.code])).toEqual([
      ['failed', 'forbidden'],
      ['pending', undefined],
    ]);
  });

  test('messages of my former mask are not mine any more', () => {
    const mine = said(1, 7);
    expect(entryMaker(me)([mine], [])[0]?.own).toBe(true);
    expect(entryMaker({ ...me, id: 70 })([mine], [])[0]?.own).toBe(false);
  });
});
