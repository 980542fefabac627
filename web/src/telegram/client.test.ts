import { afterEach, expect, test, vi } from 'vitest';
import { removeClient, standInClient } from '../test/telegram';
import { inTelegram } from './client';
import type { Launch } from './launch';
import { type BridgeWindow, isAtLeast, openProtocol } from './protocol';

afterEach(() => {
  removeClient(window);
  vi.useRealTimers();
});

const LAUNCH: Launch = { initData: 'hash=h', version: '9.1', platform: 'android', theme: {} };

function connect(launch: Partial<Launch> = {}) {
  const client = standInClient(window);
  const protocol = openProtocol(window);
  if (!protocol) throw new Error('no way to the client');
  const telegram = inTelegram(protocol, { ...LAUNCH, ...launch }, 7, () => 'en');
  return { client, telegram };
}

test('there is no protocol in a plain browser', () => {
  expect(openProtocol(window)).toBeNull();
});

test('versions are compared part by part', () => {
  expect(isAtLeast('7.10', '7.9')).toBe(true);
  expect(isAtLeast('7.9', '7.10')).toBe(false);
  expect(isAtLeast('8', '7.10')).toBe(true);
  expect(isAtLeast('', '6.0')).toBe(false);
  expect(isAtLeast('x.y', '6.0')).toBe(false);
});

test('at start the app takes the whole height and keeps swipes for its list', () => {
  const { client } = connect();
  expect(client.told).toContainEqual(['web_app_expand', undefined]);
  expect(client.told).toContainEqual(['web_app_setup_swipe_behavior', { allow_vertical_swipe: false }]);
});

test('an old client is not asked for what it does not know', () => {
  const { client, telegram } = connect({ version: '6.0' });
  telegram.showBack(true);
  telegram.haptic('tap');
  telegram.paint({ header: '#ffffff', background: '#ffffff', bottom: '#ffffff' });
  telegram.onInsets(() => {});
  expect(client.told.map(([method]) => method)).toEqual(['iframe_ready', 'web_app_expand']);
  expect(telegram.secrets).toBeNull();
});

test('before 6.9 the header takes the name of a colour only', () => {
  const { client, telegram } = connect({ version: '6.1' });
  telegram.paint({ header: '#123456', background: '#123456', bottom: '#123456' });
  expect(client.told).toContainEqual(['web_app_set_header_color', { color_key: 'bg_color' }]);
});

test('a client that throws is a client that is gone, not an error', () => {
  const { telegram } = connect();
  (window as BridgeWindow).TelegramWebviewProxy = undefined as never;
  expect(() => telegram.haptic('tap')).not.toThrow();
});

test('device and content insets are added; nonsense counts as none', () => {
  const { client, telegram } = connect();
  const seen: unknown[] = [];
  telegram.onInsets((insets) => seen.push(insets));
  client.say('safe_area_changed', { top: 40, bottom: 20, left: -5, right: 'x' });
  client.say('content_safe_area_changed', { top: 46 });
  client.say('content_safe_area_changed', null);
  expect(seen).toEqual([
    { top: 40, right: 0, bottom: 20, left: 0 },
    { top: 86, right: 0, bottom: 20, left: 0 },
    { top: 40, right: 0, bottom: 20, left: 0 },
  ]);
});

test('the height counts once it has settled', () => {
  const { client, telegram } = connect();
  const heights: number[] = [];
  telegram.onHeight((height) => heights.push(height));
  client.say('viewport_changed', { height: 300, is_state_stable: false });
  client.say('viewport_changed', null);
  client.say('viewport_changed', { height: 640, is_state_stable: true });
  expect(heights).toEqual([640]);
});

test('addresses of Telegram open inside of it, others outside, and nothing else at all', () => {
  const { client, telegram } = connect();
  telegram.openLink('https://t.me/maska_bot?start=1');
  telegram.openLink('https://example.org/a');
  telegram.openLink('javascript:alert(1)');
  expect(client.told.slice(-2)).toEqual([
    ['web_app_open_tg_link', { path_full: '/maska_bot?start=1' }],
    ['web_app_open_link', { url: 'https://example.org/a' }],
  ]);
});

test('secure storage answers to its own question, refuses aloud, and does not wait for ever', async () => {
  vi.useFakeTimers();
  const { client, telegram } = connect();
  const last = () => client.told.at(-1)?.[1] as { req_id: string };

  const got = telegram.secrets?.get('refresh');
  client.say('secure_storage_key_received', { req_id: 'another', value: 'wrong' });
  client.say('secure_storage_key_received', { req_id: last().req_id, value: 'right' });
  await expect(got).resolves.toBe('right');

  const refused = telegram.secrets?.set('refresh', 'x');
  client.say('secure_storage_failed', { req_id: last().req_id, error: 'UNSUPPORTED' });
  await expect(refused).rejects.toThrow('UNSUPPORTED');

  const silent = telegram.secrets?.get('refresh');
  const settled = expect(silent).rejects.toThrow('no answer');
  await vi.runAllTimersAsync();
  await settled;
});

test('in Telegram Web only the page’s own parent is listened to', () => {
  const posted: unknown[] = [];
  const parent = { postMessage: (text: string, origin: string) => posted.push([JSON.parse(text), origin]) };
  const listeners: ((event: unknown) => void)[] = [];
  const frame = {
    parent,
    addEventListener: (_: string, listener: (event: unknown) => void) => listeners.push(listener),
  };
  const protocol = openProtocol(frame as unknown as BridgeWindow);
  const heard: unknown[] = [];
  protocol?.on('back_button_pressed', () => heard.push('back'));
  const message = JSON.stringify({ eventType: 'back_button_pressed' });
  for (const event of [
    { source: {}, data: message },
    { source: parent, data: '{' },
    { source: parent, data: message },
  ]) {
    for (const listener of listeners) listener(event);
  }
  protocol?.post('web_app_ready');
  expect(heard).toEqual(['back']);
  expect(posted).toEqual([[{ eventType: 'web_app_ready', eventData: '' }, 'https://web.telegram.org']]);
});
