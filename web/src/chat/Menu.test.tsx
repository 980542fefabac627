import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { given, said } from '../test/chat';
import { show } from '../test/render';
import Menu, { placed } from './Menu';
import type { Entry } from './model';

let asked: string[];
beforeEach(() => {
  asked = [];
  given({ retry: (cid) => asked.push(`retry ${cid}`), discard: (cid) => asked.push(`discard ${cid}`) });
});
afterEach(cleanup);

function open(entry: Entry) {
  const row = { key: entry.key, entry, first: true, last: true, newDay: false, unread: false };
  return show(
    <Menu
      target={{ row, box: new DOMRect(20, 100, 200, 60) }}
      actions={{ openLink() {}, openMenu() {}, retry() {} }}
      onCopied={() => asked.push('copied')}
      onClose={() => asked.push('closed')}
    />,
  );
}

test('a message can be copied, and that is all there is to do with it', async () => {
  const { user } = open(said(1, 'hello'));
  expect(screen.getAllByRole('button').map((button) => button.textContent)).toEqual(['Copy']);
  await user.click(screen.getByRole('button', { name: 'Copy' }));
  await waitFor(() => expect(asked).toEqual(['copied', 'closed']));
  expect(await navigator.clipboard.readText()).toBe('hello');
});

test('a failed message can be sent again or dropped', async () => {
  const { user } = open(said(1, 'mine', { own: true, state: 'failed', cid: 'c1' }));
  await user.click(screen.getByRole('button', { name: 'Delete' }));
  await waitFor(() => expect(asked).toEqual(['discard c1', 'closed']));
});

test('the menu stands below the bubble, above it when there is no room, and always on the screen', () => {
  expect(placed({ top: 100, bottom: 160 }, 150, 700)).toEqual({ bubble: 100, menu: 168 });
  expect(placed({ top: 500, bottom: 600 }, 150, 700)).toEqual({ bubble: 500, menu: 342 });
  const high = placed({ top: -300, bottom: 690 }, 150, 700);
  expect(high.menu).toBe(538);
  expect(high.bubble + 990).toBeLessThan(high.menu);
});
