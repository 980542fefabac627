import { act, cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chat } from '../chat/store';
import { acceptFor } from '../profile/welcomed';
import { given, OWN, said } from '../test/chat';
import { show } from '../test/render';
import { App } from './App';

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, '', '/');
  acceptFor(OWN.id);
});
afterEach(cleanup);

test('one’s own mask opens over the room as a place of its own, and closes back to the room', async () => {
  given({ entries: [said(1, 'hello')] });
  const { user } = show(<App />);
  await user.click(await screen.findByRole('button', { name: 'You speak as Quiet Lantern' }));
  await screen.findByRole('dialog', { name: 'Your mask' });
  expect(location.pathname).toBe('/mask');
  await user.click(screen.getByRole('button', { name: 'Close' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(location.pathname).toBe('/');
});

test('a reload on an open sheet shows it again', async () => {
  history.replaceState(null, '', '/how');
  given({});
  show(<App />);
  await screen.findByRole('dialog', { name: 'How to check' });
});

test('the room gives way when the server says no, and comes back when it says yes', async () => {
  given({ entries: [said(1, 'hello')] });
  show(<App />);
  await screen.findByRole('textbox');
  act(() => chat.setState({ phase: 'refused', refusal: { code: 'account_disabled' } }));
  await screen.findByRole('heading', { name: 'You cannot come in' });
  act(() => chat.setState({ phase: 'ready' }));
  await screen.findByRole('textbox');
});

test('while the network is away a bar says so, and writing goes on', async () => {
  given({ connection: 'reconnecting', entries: [said(1, 'hello')] });
  show(<App />);
  expect(await screen.findByText('Reconnecting. You can keep writing')).toBeDefined();
  expect(screen.getByRole('textbox')).toBeDefined();
});

test('before the first messages came there are bones, afterwards a word about the empty room', () => {
  given({ connection: 'connecting' });
  const { container } = show(<App />);
  expect(container.querySelectorAll('.chat .sk').length).toBeGreaterThan(10);
  act(() => chat.setState({ connection: 'online' }));
  expect(container.querySelector('.chat .sk')).toBeNull();
  expect(screen.getByText('Nothing has been said yet. Begin')).toBeDefined();
});

test.each([
  [0, 'fewer than 5 masks here'],
  [100, '100+ masks here'],
  [1000, '1,000+ masks here'],
])('%i people are shown as "%s": a lower bound, never a number of heads', (online, words) => {
  given({ online });
  show(<App />);
  expect(screen.getAllByText(words).length).toBeGreaterThan(0);
});
