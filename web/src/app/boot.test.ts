import { beforeEach, expect, test } from 'vitest';
import { LAUNCH_KEY, THEME_KEY } from '../telegram/launch';
import { type BootWindow, boot } from './boot';

const NIGHT = JSON.stringify({ bg_color: '#17212b' });

function launch(user: object, theme = NIGHT): string {
  const initData = `user=${encodeURIComponent(JSON.stringify(user))}&hash=h`;
  return new URLSearchParams({ tgWebAppData: initData, tgWebAppVersion: '9.1', tgWebAppThemeParams: theme }).toString();
}

beforeEach(() => {
  sessionStorage.clear();
  document.documentElement.removeAttribute('style');
  history.replaceState(null, '', '/');
});

test('launch data leave the address and stay with the tab', () => {
  const raw = launch({ id: 7, language_code: 'ru' });
  history.replaceState(null, '', `/mask?a=1&tgWebAppStartParam=r_1#${raw}`);
  boot(window);
  expect(location.pathname + location.search + location.hash).toBe('/mask?a=1');
  expect(sessionStorage.getItem(LAUNCH_KEY)).toBe(raw);
  expect((window as BootWindow).maskaLaunch).toBe(raw);
});

test('the page has Telegram’s colours and the person’s language before anything else runs', () => {
  history.replaceState(null, '', `/#${launch({ id: 7, language_code: 'zh-hans' })}`);
  boot(window);
  expect(document.documentElement.lang).toBe('zh');
  expect(document.documentElement.dataset.theme).toBe('dark');
  expect(document.documentElement.style.getPropertyValue('--bg')).toBe('#17212b');
});

test('a reload finds the launch again, with the colours of the last change', () => {
  sessionStorage.setItem(LAUNCH_KEY, launch({ id: 7, language_code: 'ru' }));
  sessionStorage.setItem(THEME_KEY, JSON.stringify({ bg_color: '#fff6f0' }));
  boot(window);
  expect(document.documentElement.lang).toBe('ru');
  expect(document.documentElement.style.getPropertyValue('--bg')).toBe('#fff6f0');
});

test('a fresh launch wins over the stored one and its colours', () => {
  sessionStorage.setItem(LAUNCH_KEY, launch({ id: 1, language_code: 'en' }));
  sessionStorage.setItem(THEME_KEY, JSON.stringify({ bg_color: '#fff6f0' }));
  history.replaceState(null, '', `/#${launch({ id: 2, language_code: 'ru' })}`);
  boot(window);
  expect(document.documentElement.lang).toBe('ru');
  expect(document.documentElement.style.getPropertyValue('--bg')).toBe('#17212b');
});

test('a launch that cannot be read still gives a page', () => {
  history.replaceState(null, '', '/#tgWebAppData=%E0%A4%A&tgWebAppThemeParams={"bg_color":"red"');
  boot(window);
  expect(document.documentElement.dataset.theme).toBe('light');
  expect(location.hash).toBe('');
});

test('without storage the launch is carried by the window', () => {
  const raw = launch({ id: 7, language_code: 'ru' });
  history.replaceState(null, '', `/#${raw}`);
  const closed = new Proxy(window, {
    get(target, name) {
      if (name === 'sessionStorage') throw new DOMException('denied', 'SecurityError');
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as BootWindow;
  boot(closed);
  expect((window as BootWindow).maskaLaunch).toBe(raw);
  expect(location.hash).toBe('');
});

test('the token of a link in a letter leaves the address and outlives a reload', () => {
  history.replaceState(null, '', '/reset-password#token=abc-DEF_1');
  boot(window);
  expect(location.href).toBe(`${location.origin}/reset-password`);
  expect(history.state).toEqual({ token: 'abc-DEF_1' });
  boot(window);
  expect(history.state).toEqual({ token: 'abc-DEF_1' });
});

test('Telegram’s answer to a login leaves the address too', () => {
  history.replaceState(null, '', '/#tgAuthResult=eyJpZCI6N30');
  boot(window);
  expect(location.hash).toBe('');
  expect(history.state).toEqual({ tgAuthResult: 'eyJpZCI6N30' });
});

test('the language that somebody chose here wins over Telegram’s', () => {
  localStorage.setItem('maska.language', 'zh');
  history.replaceState(null, '', `/#${launch({ id: 7, language_code: 'ru' })}`);
  boot(window);
  expect(document.documentElement.lang).toBe('zh');
  localStorage.clear();
});
