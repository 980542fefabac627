import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { inTelegram } from '../telegram/client';
import { openProtocol } from '../telegram/protocol';
import { given } from '../test/chat';
import { show, showAccount } from '../test/render';
import { removeClient, standInClient } from '../test/telegram';
import Door from './Door';

afterEach(() => {
  cleanup();
  removeClient(window);
  document.head.innerHTML = '';
});

function botIs(name: string): void {
  const meta = document.createElement('meta');
  meta.name = 'maska-bot';
  meta.content = name;
  document.head.append(meta);
}

test('outside Telegram the page leads to the bot when the server knows it', async () => {
  given({ phase: 'outside' });
  botIs('maska_bot');
  await showAccount(<Door phase="outside" />);
  expect(await screen.findByRole('button', { name: 'Open in Telegram' })).toBeDefined();
  expect(screen.getByRole('link', { name: 't.me/maska_bot' }).getAttribute('href')).toBe('https://t.me/maska_bot');
});

test('without the bot’s name it says how to find it, and has no button that leads nowhere', async () => {
  given({ phase: 'outside' });
  botIs('"><script>');
  await showAccount(<Door phase="outside" />);
  expect(screen.getByText(/^Find the bot/)).toBeDefined();
  expect(screen.queryByRole('button', { name: /Telegram/ })).toBeNull();
  expect(screen.queryByRole('link')).toBeNull();
});

test('stale launch data inside Telegram: what happened, that nothing is lost, and a way out', async () => {
  given({ phase: 'stale' });
  const client = standInClient(window);
  const protocol = openProtocol(window);
  if (!protocol) throw new Error('no way to the client');
  const telegram = inTelegram(protocol, { initData: '', version: '9.1', platform: 'ios', theme: {} }, 7, () => 'en');
  const { user } = await showAccount(<Door phase="stale" />, telegram);
  expect(screen.getByRole('heading').textContent).toBe('Open Maska again');
  expect(screen.getByText(/Nothing is lost/)).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Close' }));
  expect(client.told).toContainEqual(['web_app_close', undefined]);
});

test('each refusal has its own words', () => {
  given({ phase: 'refused', refusal: { code: 'account_disabled' } });
  show(<Door phase="refused" />);
  expect(screen.getByText(/has been disabled/)).toBeDefined();
});

test('an unreachable server can be tried at once', async () => {
  let tries = 0;
  given({ phase: 'unreachable', tryAgain: () => tries++ });
  const { user } = show(<Door phase="unreachable" />);
  await user.click(screen.getByRole('button', { name: 'Try now' }));
  expect(tries).toBe(1);
});
