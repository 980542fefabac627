import { act, cleanup, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Room } from '../chat/Room';
import { chat } from '../chat/store';
import { given, OWN, said } from '../test/chat';
import { show } from '../test/render';
import { acceptedBy } from './welcomed';

beforeEach(() => localStorage.clear());
afterEach(cleanup);

const enter = () => screen.queryByRole('button', { name: 'I am over 18, come in' });
const field = () => screen.queryByRole('textbox');
const room = () => show(<Room onMask={() => {}} onHow={() => {}} onSettings={() => {}} />);

test('the card stands in place of the composer until it is answered, once per mask and device', async () => {
  given({ entries: [said(1, 'hello')] });
  const { user, unmount } = room();
  expect(screen.getByRole('heading', { name: OWN.nickname })).toBeDefined();
  expect(field()).toBeNull();
  await user.click(enter() as HTMLElement);
  expect(field()).not.toBeNull();
  unmount();
  room();
  expect(enter()).toBeNull();
});

test('it says how long messages are kept as the server says it', () => {
  given({ settings: { messageDays: 7 } });
  room();
  expect(screen.getByText(/^Messages: 7 days\./)).toBeDefined();
});

test('who is under 18 sees nothing of the room, and can take it back', async () => {
  given({ entries: [said(1, 'hello')] });
  const { user } = room();
  await user.click(screen.getByRole('button', { name: 'I am under 18' }));
  expect(screen.queryByRole('log')).toBeNull();
  await user.click(screen.getByRole('button', { name: 'I pressed it by mistake' }));
  expect(enter()).not.toBeNull();
});

test('another mask can be asked for; the refusal of a fourth is told', async () => {
  given({ newMask: async () => ({ ok: false, code: 'rate_limited' }) });
  const { user } = room();
  await user.click(screen.getByRole('button', { name: 'Another mask' }));
  expect((await screen.findByRole('alert')).textContent).toBe('No more today: three new masks a day');
});

test('a new mask, taken here or on another device, takes the yes over, and the old id is forgotten', async () => {
  given({});
  const { user } = room();
  await user.click(enter() as HTMLElement);
  act(() => chat.setState({ profile: { ...OWN, id: 7 } }));
  expect(enter()).toBeNull();
  expect([acceptedBy(7), acceptedBy(OWN.id)]).toEqual([true, false]);
});

test('another person on the same device is asked: the yes was not hers', async () => {
  given({});
  const { user } = room();
  await user.click(enter() as HTMLElement);
  act(() => chat.setState({ profile: null }));
  act(() => chat.setState({ profile: { ...OWN, id: 7 } }));
  expect(enter()).not.toBeNull();
});
