import { afterEach, expect, test } from 'vitest';
import { inTelegram } from '../telegram/client';
import { openProtocol } from '../telegram/protocol';
import { removeClient, standInClient } from '../test/telegram';
import { followTheme } from './theming';
import { followViewport } from './viewport';

afterEach(() => {
  removeClient(window);
  sessionStorage.clear();
  document.documentElement.removeAttribute('style');
});

function connect() {
  const client = standInClient(window);
  const protocol = openProtocol(window);
  if (!protocol) throw new Error('no way to the client');
  return {
    client,
    telegram: inTelegram(protocol, { initData: '', version: '9.1', platform: 'ios', theme: {} }, 7, () => 'en'),
  };
}

const token = (name: string) => document.documentElement.style.getPropertyValue(name);

test('the shell is as high as Telegram leaves, and keeps clear of notch and controls', () => {
  const { client, telegram } = connect();
  const stop = followViewport(telegram, window);
  client.say('viewport_changed', { height: 500, is_state_stable: true });
  client.say('safe_area_changed', { top: 47, bottom: 34, left: 0, right: 0 });
  client.say('content_safe_area_changed', { top: 46, bottom: 0, left: 0, right: 0 });
  expect([token('--height'), token('--top'), token('--below')]).toEqual(['500px', '93px', '34px']);
  stop();
  client.say('viewport_changed', { height: 300, is_state_stable: true });
  expect(token('--height')).toBe('500px');
});

test('a theme that changes while the app is open repaints it, tells Telegram’s bars, and outlives a reload', () => {
  const { client, telegram } = connect();
  followTheme(telegram, window);
  client.say('theme_changed', { theme_params: { bg_color: '#17212b', text_color: '#ffffff' } });
  expect(document.documentElement.dataset.theme).toBe('dark');
  expect(client.told).toContainEqual(['web_app_set_header_color', { color: '#17212b' }]);
  expect(sessionStorage.getItem('maska.theme')).toContain('#17212b');
  client.say('theme_changed', { theme_params: 'nonsense' });
  expect(document.documentElement.dataset.theme).toBe('dark');
});
