import { act, cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { given, said } from '../test/chat';
import { pretendLayout } from '../test/layout';
import { show } from '../test/render';
import { Log } from './Log';
import { chat } from './store';

let asked: unknown[];
const ACTIONS = { openLink() {}, openMenu() {}, retry() {} };
const many = (n: number, from = 1) => Array.from({ length: n }, (_, i) => said(from + i, `message ${from + i}`));

beforeEach(() => {
  asked = [];
  pretendLayout();
});
afterEach(cleanup);

function open(state: Parameters<typeof given>[0]) {
  given({
    loadOlder: () => asked.push('older'),
    read: (seq) => asked.push(['read', seq]),
    setAtBottom: (at) => asked.push(['bottom', at]),
    ...state,
  });
  show(<Log actions={ACTIONS} />);
  return screen.getByRole('log');
}

const shown = (log: HTMLElement) => [...log.querySelectorAll('.txt')].map((text) => text.firstChild?.textContent);

test('the log opens at its newest message and draws only what is near', async () => {
  const log = open({ entries: many(300) });
  await waitFor(() => expect(shown(log)).toContain('message 300'));
  expect(log.querySelectorAll('.slot').length).toBeLessThan(60);
  expect(log.getAttribute('aria-live')).toBe('polite');
});

test('what was on the screen is read', async () => {
  open({ entries: many(300) });
  await waitFor(() => expect(asked).toContainEqual(['read', 300]));
});

test('it opens at the line "new messages" when there is one', async () => {
  const log = open({ entries: many(300), unreadFrom: 150 });
  await waitFor(() => expect(screen.getByText('New messages')).toBeDefined());
  expect(shown(log)).toContain('message 150');
  expect(shown(log)).not.toContain('message 300');
});

test('away from the end, a button leads back and says how many came since', async () => {
  const log = open({ entries: many(300), newSince: 12 });
  await waitFor(() => expect(shown(log)).toContain('message 300'));
  expect(screen.queryByRole('button', { name: /^Down/ })).toBeNull();
  log.scrollTop = 5000;
  fireEvent.scroll(log);
  const jump = await screen.findByRole('button', { name: 'Down, 12 new messages' });
  expect(asked).toContainEqual(['bottom', false]);
  // What scrolls into sight is not news.
  expect(log.getAttribute('aria-live')).toBe('off');
  fireEvent.click(jump);
  await waitFor(() => expect(screen.queryByRole('button', { name: /^Down/ })).toBeNull());
});

test('older messages are asked for before the top is reached, and only while there are any', async () => {
  const log = open({ entries: many(300), hasOlder: true });
  await waitFor(() => expect(shown(log)).toContain('message 300'));
  expect(asked).not.toContain('older');
  log.scrollTop = 500;
  fireEvent.scroll(log);
  await waitFor(() => expect(asked).toContain('older'));
  cleanup();
  asked = [];
  const whole = open({ entries: many(3) });
  await waitFor(() => expect(shown(whole)).toContain('message 3'));
  await waitFor(() => expect(asked).toContainEqual(['bottom', true]));
  expect(asked).not.toContain('older');
});

test('what one says oneself comes into sight, wherever the list stood', async () => {
  const log = open({ entries: many(300) });
  await waitFor(() => expect(shown(log)).toContain('message 300'));
  log.scrollTop = 5000;
  fireEvent.scroll(log);
  await waitFor(() => expect(shown(log)).not.toContain('message 300'));
  const own = { ...said(301, 'mine'), own: true, state: 'pending' as const, cid: 'c' };
  act(() => chat.setState({ entries: [...chat.getState().entries, own] }));
  await waitFor(() => expect(shown(log)).toContain('mine'));
});

test('arrows walk over the messages', async () => {
  const log = open({ entries: many(3) });
  await waitFor(() => expect(shown(log)).toContain('message 3'));
  fireEvent.keyDown(log, { key: 'ArrowUp' });
  expect(document.activeElement?.textContent).toContain('message 3');
  fireEvent.keyDown(log, { key: 'ArrowUp' });
  expect(document.activeElement?.textContent).toContain('message 2');
  fireEvent.keyDown(log, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('message 3');
});

test('a line that comes with the catch-up is led to, unless one reads above', async () => {
  const log = open({ entries: many(300) });
  await waitFor(() => expect(shown(log)).toContain('message 300'));
  act(() => chat.setState({ entries: many(400), unreadFrom: 301 }));
  await waitFor(() => expect(screen.getByText('New messages')).toBeDefined());
  expect(shown(log)).toContain('message 301');
  cleanup();

  const other = open({ entries: many(300) });
  await waitFor(() => expect(shown(other)).toContain('message 300'));
  other.scrollTop = 5000;
  fireEvent.scroll(other);
  await waitFor(() => expect(shown(other)).not.toContain('message 300'));
  const before = shown(other);
  act(() => chat.setState({ entries: many(400), unreadFrom: 301 }));
  expect(shown(other)).toEqual(before);
});
