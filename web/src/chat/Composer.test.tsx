import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { given } from '../test/chat';
import { show } from '../test/render';
import { Composer } from './Composer';
import { chat } from './store';

let sent: string[];

beforeEach(() => {
  sent = [];
  given({
    setDraft: (draft) => chat.setState({ draft }),
    send(text) {
      sent.push(text);
      chat.setState({ draft: '' });
      return true;
    },
  });
});
afterEach(cleanup);

/** As if the device had a mouse and keys, or only a finger. */
function keyboard(there: boolean): void {
  vi.spyOn(window, 'matchMedia').mockImplementation(
    (query) => ({ matches: there && query.includes('fine') }) as MediaQueryList,
  );
}

const field = () => screen.getByRole('textbox', { name: 'Message' });
const button = () => screen.getByRole('button', { name: 'Send' });

test('the button sends once there is something to send', async () => {
  keyboard(false);
  const { user } = show(<Composer onMask={() => {}} />);
  await user.click(button());
  expect(sent).toEqual([]);
  await user.type(field(), 'hello');
  await user.click(button());
  expect(sent).toEqual(['hello']);
  expect(document.activeElement).toBe(field());
});

test('with a keyboard Enter sends and Shift+Enter breaks the line', async () => {
  keyboard(true);
  const { user } = show(<Composer onMask={() => {}} />);
  await user.type(field(), 'one{Shift>}{Enter}{/Shift}two{Enter}');
  expect(sent).toEqual(['one\ntwo']);
});

test('on a screen keyboard Enter breaks the line', async () => {
  keyboard(false);
  const { user } = show(<Composer onMask={() => {}} />);
  await user.type(field(), 'one{Enter}two');
  expect(sent).toEqual([]);
  expect(chat.getState().draft).toBe('one\ntwo');
});

test('with a keyboard one can type at once, wherever the focus went', async () => {
  keyboard(true);
  const { user } = show(<Composer onMask={() => {}} />);
  expect(document.activeElement).toBe(field());
  field().blur();
  await user.keyboard('hi');
  expect(chat.getState().draft).toBe('hi');
});

test('no screen keyboard comes up by itself', () => {
  keyboard(false);
  show(<Composer onMask={() => {}} />);
  expect(document.activeElement).not.toBe(field());
});

test('while an input method composes, Enter chooses a word', () => {
  keyboard(true);
  chat.setState({ draft: 'ni hao' });
  show(<Composer onMask={() => {}} />);
  fireEvent.keyDown(field(), { key: 'Enter', isComposing: true });
  expect(sent).toEqual([]);
});

test('the counter shows from 200 left, and past the limit nothing is sent', async () => {
  keyboard(true);
  chat.setState({ draft: 'a'.repeat(3799) });
  const { user } = show(<Composer onMask={() => {}} />);
  expect(screen.queryByRole('status')).toBeNull();
  await user.type(field(), 'b');
  expect(screen.getByRole('status').textContent).toBe('200 left');
  fireEvent.change(field(), { target: { value: 'a'.repeat(4013) } });
  expect(screen.getByRole('status').textContent).toBe('13 too many');
  await user.click(button());
  expect(sent).toEqual([]);
});

test('too many lines are said before they are sent', () => {
  keyboard(true);
  chat.setState({ draft: `${'a\n'.repeat(30)}b` });
  show(<Composer onMask={() => {}} />);
  expect(screen.getByRole('status').textContent).toBe('At most 30 lines');
});

test('when the server asks to go slower, the button counts the seconds and nothing is sent', async () => {
  keyboard(true);
  chat.setState({ draft: 'again', slowUntil: Date.now() + 8600 });
  const { user } = show(<Composer onMask={() => {}} />);
  await user.click(screen.getByRole('button', { name: 'Wait 9 s' }));
  expect(sent).toEqual([]);
});

test('one’s own face opens one’s own mask', async () => {
  keyboard(true);
  let opened = 0;
  const { user } = show(<Composer onMask={() => opened++} />);
  await user.click(screen.getByRole('button', { name: 'You speak as Quiet Lantern' }));
  expect(opened).toBe(1);
});
