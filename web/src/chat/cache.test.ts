import { beforeEach, expect, test } from 'vitest';
import { Cache } from './cache';
import { DEFAULT_LIMITS, DEFAULT_SETTINGS, type Message, type Profile } from './model';
import { Outbox } from './outbox';

const DAY = 86_400_000;
const now = Date.parse('2026-11-20T10:00:00Z');
const limits = DEFAULT_LIMITS;
const settings = DEFAULT_SETTINGS;

const mask = (id: number): Profile => ({
  id,
  nickname: 'Quiet Fox',
  avatarUrl: `/avatar/${id}.svg`,
  color: 3,
  photos: [],
  createdDay: '2026-11-20',
});

function said(seq: number, at: number): Message {
  return { id: `1-${seq}`, seq, rev: seq, roomId: 1, created_at: new Date(at).toISOString(), userId: 7, content: 'hi' };
}
const log = (...messages: Message[]) => ({ epoch: 'e', last: 9, floor: 1, messages });

let cache: Cache;
beforeEach(() => {
  localStorage.clear();
  cache = new Cache(localStorage, 5);
});

test('mask, messages, place and draft are there again', () => {
  cache.keepMask({ profile: mask(7), limits, settings });
  cache.keepLog(7, log(said(9, now)));
  cache.keepReadSeq(7, 9);
  cache.keepDraft(7, 'half a');
  const again = new Cache(localStorage, 5);
  expect(again.mask()?.profile).toEqual(mask(7));
  expect(again.log(7, 30, now)).toEqual(log(said(9, now)));
  expect(again.readSeq(7)).toBe(9);
  expect(again.draft(7)).toBe('half a');
});

test('another account and another mask see nothing of it', () => {
  cache.keepMask({ profile: mask(7), limits, settings });
  cache.keepReadSeq(7, 9);
  expect(new Cache(localStorage, 6).mask()).toBeNull();
  expect(new Cache(localStorage, 6).readSeq(7)).toBeNull();
  expect(cache.readSeq(8)).toBeNull();
});

test('messages whose days are over on the server are not shown', () => {
  cache.keepLog(7, log(said(8, now - 31 * DAY), said(9, now - 29 * DAY)));
  expect(cache.log(7, 30, now)?.messages.map((m) => m.seq)).toEqual([9]);
});

test('a new mask leaves nothing of the former one behind, also not what waited', () => {
  cache.keepMask({ profile: mask(7), limits, settings });
  cache.keepLog(7, log());
  cache.keepReadSeq(7, 9);
  cache.keepDraft(7, 'half a');
  outbox(7).add('never sent');
  cache.keepMask({ profile: mask(8), limits, settings });
  expect(cache.mask()?.profile.id).toBe(8);
  expect(Object.keys({ ...localStorage })).toEqual(['maska.cache.5.mask']);
});

test('wiping leaves nothing', () => {
  cache.keepMask({ profile: mask(7), limits, settings });
  cache.keepLog(7, log());
  cache.keepDraft(7, 'half a');
  outbox(7).add('never sent');
  cache.wipe();
  expect(Object.keys({ ...localStorage })).toEqual([]);
});

test('copies of another version, and rubbish, are as good as none', () => {
  localStorage.setItem('maska.cache.5.mask', JSON.stringify({ v: 0, value: { profile: mask(7) } }));
  localStorage.setItem('maska.cache.5.read.7', 'x{');
  localStorage.setItem('maska.cache.5.room.7', JSON.stringify({ v: 1, value: { messages: 'none' } }));
  expect(cache.mask()).toBeNull();
  expect(cache.readSeq(7)).toBeNull();
  expect(cache.log(7, 30, now)).toBeNull();
});

test('a full or missing storage does no harm', () => {
  const full: Storage = Object.assign(Object.create(localStorage) as Storage, {
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  });
  for (const storage of [full, null]) {
    const poor = new Cache(storage, 5);
    poor.keepMask({ profile: mask(7), limits, settings });
    poor.keepDraft(7, 'x');
    poor.wipe();
    expect(poor.mask()).toBeNull();
  }
});

function outbox(profileId: number): Outbox {
  return new Outbox({ profileId, storage: localStorage, send: () => Promise.reject(new Error()), changed() {} });
}
