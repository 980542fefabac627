import { expect, test } from 'vitest';
import type { Entry } from './model';
import { timeline } from './rows';

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE = 60_000;

function said(seq: number, userId: number, at: number, more: Partial<Entry> = {}): Entry {
  return { key: `k${seq}`, seq, author: null, userId, content: `${seq}`, at, own: false, state: 'sent', ...more };
}

const shape = (entries: Entry[], unreadFrom: number | null = null, hasOlder = false) =>
  timeline(entries, unreadFrom, hasOlder).flatMap(({ entry, first, last, newDay, unread }) => [
    ...(newDay ? ['day'] : []),
    ...(unread ? ['new'] : []),
    entry.content + (first ? '<' : '') + (last ? '>' : ''),
  ]);

test('one author within five minutes is one group: name on the first, face on the last', () => {
  expect(shape([said(1, 7, NOON), said(2, 7, NOON + MINUTE), said(3, 7, NOON + 2 * MINUTE)])).toEqual([
    'day',
    '1<',
    '2',
    '3>',
  ]);
});

test('another author, five minutes or a new day end a group', () => {
  const midnight = new Date(2026, 10, 21).getTime();
  expect(shape([said(1, 7, NOON), said(2, 8, NOON)])).toEqual(['day', '1<>', '2<>']);
  expect(shape([said(1, 7, NOON), said(2, 7, NOON + 5 * MINUTE)])).toEqual(['day', '1<>', '2<>']);
  expect(shape([said(1, 7, midnight - MINUTE), said(2, 7, midnight)])).toEqual(['day', '1<>', 'day', '2<>']);
});

test('own messages never join those of an older mask of the same id order', () => {
  expect(shape([said(1, 7, NOON, { own: true }), said(2, 7, NOON)])).toEqual(['day', '1<>', '2<>']);
});

test('a deleted message stands alone, and nothing follows a failed one in its group', () => {
  expect(shape([said(1, 7, NOON), said(2, 7, NOON, { deleted: true }), said(3, 7, NOON)])).toEqual([
    'day',
    '1<>',
    '2<>',
    '3<>',
  ]);
  expect(shape([said(1, 7, NOON, { own: true, state: 'failed' }), said(2, 7, NOON, { own: true })])).toEqual([
    'day',
    '1<>',
    '2<>',
  ]);
});

test('the line "new messages" is drawn once, before the first unread one, and breaks the group', () => {
  const entries = [said(1, 7, NOON), said(2, 7, NOON), said(4, 7, NOON)];
  expect(shape(entries, 2)).toEqual(['day', '1<>', 'new', '2<', '4>']);
  expect(shape(entries, 3)).toEqual(['day', '1<', '2>', 'new', '4<>']);
  expect(shape(entries, 9)).toEqual(['day', '1<', '2', '4>']);
});

test('a message that waits has no seq and never opens the line', () => {
  const { seq: _, ...waiting } = said(1, 7, NOON, { own: true, state: 'pending' });
  expect(shape([waiting], 1)).toEqual(['day', '1<>']);
});

test('while older messages are to come, the oldest one does not claim that its day begins with it', () => {
  expect(shape([said(1, 7, NOON)], null, true)).toEqual(['1<>']);
  expect(shape([said(1, 7, NOON), said(2, 7, NOON + 24 * 60 * MINUTE)], null, true)).toEqual(['1<>', 'day', '2<>']);
});
