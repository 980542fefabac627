import { expect, test } from 'vitest';
import { en } from './en';
import { createLocale } from './index';
import { pickLanguage } from './language';
import { ru } from './ru';
import { zh } from './zh';

const RU = createLocale('ru', ru);
const EN = createLocale('en', en);
const ZH = createLocale('zh', zh);

test('plural forms follow each language', () => {
  expect([1, 2, 5, 11, 21, 22, 25, 111].map((n) => RU.t('chat.downNew', { n }))).toEqual([
    'Вниз, 1 новое сообщение',
    'Вниз, 2 новых сообщения',
    'Вниз, 5 новых сообщений',
    'Вниз, 11 новых сообщений',
    'Вниз, 21 новое сообщение',
    'Вниз, 22 новых сообщения',
    'Вниз, 25 новых сообщений',
    'Вниз, 111 новых сообщений',
  ]);
  expect([1, 2].map((n) => EN.t('chat.downNew', { n }))).toEqual(['Down, 1 new message', 'Down, 2 new messages']);
  expect(ZH.t('chat.downNew', { n: 3 })).toBe('回到最新，3 条新消息');
});

test('a value is put in as it is, never read as a template again', () => {
  expect(EN.t('composer.as', { name: '{n} $& <b>' })).toBe('You speak as {n} $& <b>');
});

test('all languages ask for the same values', () => {
  const places = (text: unknown) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(places(ru[key]), `ru ${key}`).toEqual(places(en[key]));
    expect(places(zh[key]), `zh ${key}`).toEqual(places(en[key]));
  }
});

test('Russian plurals have every form the language has', () => {
  for (const [key, text] of Object.entries(ru)) {
    if (typeof text === 'object' && key !== 'composer.lines') {
      expect(Object.keys(text).sort(), key).toEqual(['few', 'many', 'one', 'other']);
    }
  }
});

test('days are named in the zone of the viewer', () => {
  const now = new Date(2026, 10, 20, 0, 30).getTime();
  expect(EN.day(now, now)).toBe('Today');
  expect(RU.day(now - 3_600_000, now)).toBe('Вчера');
  expect(RU.day(new Date(2026, 10, 1).getTime(), now)).toBe('1 ноября');
  expect(EN.day(new Date(2025, 10, 20).getTime(), now)).toBe('20 November 2025');
});

test('the first language we speak is chosen, English when there is none', () => {
  expect(pickLanguage(['uk', 'ru-RU', 'en'])).toBe('ru');
  expect(pickLanguage(['zh_hant', 'en'])).toBe('zh');
  expect(pickLanguage(['', 'de'])).toBe('en');
});
