import { expect, test } from 'vitest';
import { EVENTS } from '../Journal';
import { en } from './en';
import { ru } from './ru';
import { zh } from './zh';

const keys = Object.keys(en) as (keyof typeof en)[];

test('all languages ask for the same values', () => {
  const places = (text: unknown) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort();
  for (const key of keys) {
    expect(places(ru[key]), `ru ${key}`).toEqual(places(en[key]));
    expect(places(zh[key]), `zh ${key}`).toEqual(places(en[key]));
  }
});

test('Russian plurals have every form the language has', () => {
  for (const [key, text] of Object.entries(ru)) {
    if (typeof text === 'object') expect(Object.keys(text).sort(), key).toEqual(['few', 'many', 'one', 'other']);
  }
});

test('every event of an account has its sentence, and no two have the same', () => {
  const events = keys.filter((key) => key.startsWith('event.') && key !== 'event.other');
  expect(events.map((key) => key.slice('event.'.length)).sort()).toEqual([...EVENTS].sort());
  for (const texts of [en, ru, zh]) expect(new Set(events.map((key) => texts[key])).size).toBe(events.length);
});
