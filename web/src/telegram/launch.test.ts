import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLowPerformance, launchPart, launchUser, parseLaunch } from './launch';

const USER = encodeURIComponent(JSON.stringify({ id: 7, first_name: 'A', language_code: 'ru' }));
const INIT_DATA = `user=${USER}&auth_date=1&signature=s&hash=h`;
const RAW = new URLSearchParams({
  tgWebAppData: INIT_DATA,
  tgWebAppVersion: '9.1',
  tgWebAppPlatform: 'android',
  tgWebAppThemeParams: '{"bg_color":"#17212b"}',
}).toString();

test('the launch parameters are found in a fragment, also behind one of the app’s own', () => {
  expect(launchPart(`#${RAW}`)).toBe(RAW);
  expect(launchPart(`#/rooms/1?${RAW}`)).toBe(RAW);
  expect(launchPart(`#own=1&${RAW}`)).toBe(RAW);
  expect(launchPart('#section')).toBe('');
  expect(launchPart('')).toBe('');
});

test('initData is handed on byte for byte', () => {
  expect(parseLaunch(RAW)).toEqual({
    initData: INIT_DATA,
    version: '9.1',
    platform: 'android',
    theme: { bg_color: '#17212b' },
  });
});

test('the person’s id and language are read from initData', () => {
  expect(launchUser(INIT_DATA)).toEqual({ id: 7, language: 'ru' });
  expect(launchUser('user=%7B%22id%22%3A1e400%7D')).toEqual({ id: null, language: '' });
  expect(launchUser('user={"id":"7","language_code":3}')).toEqual({ id: null, language: '' });
});

test('no fragment can throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (noise) => {
      const launch = parseLaunch(launchPart(`#tgWebAppData=${noise}&tgWebAppThemeParams=${noise}`));
      expect(typeof launch.initData).toBe('string');
      expect(launchUser(launch.initData)).toHaveProperty('language');
    }),
  );
});

test('only Telegram for Android on a weak device counts as weak', () => {
  const agent = (level: string) =>
    `Mozilla/5.0 (Linux; Android 14) Telegram-Android/11.3 (Acme One; Android 14; SDK 34; ${level})`;
  expect(isLowPerformance(agent('LOW'))).toBe(true);
  expect(isLowPerformance(agent('HIGH'))).toBe(false);
  expect(isLowPerformance('Mozilla/5.0 (SLOW; LOW)')).toBe(false);
});
