import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { HERON, said } from '../test/chat';
import { show } from '../test/render';
import { type BubbleActions, Message } from './Bubble';
import type { Entry } from './model';
import type { Row } from './rows';

afterEach(cleanup);

const row = (entry: Entry, more: Partial<Row> = {}): Row => ({
  key: entry.key,
  entry,
  first: true,
  last: true,
  newDay: false,
  unread: false,
  ...more,
});

function draw(entry: Entry, more: Partial<Row> = {}) {
  const asked: unknown[] = [];
  const actions: BubbleActions = {
    openLink: (url, host) => asked.push(['link', url, host]),
    openMenu: (opened) => asked.push(['menu', opened.key]),
    retry: (cid) => asked.push(['retry', cid]),
  };
  const view = show(<Message row={row(entry, more)} actions={actions} />);
  return { ...view, asked };
}

test('the first of a group shows the name; the others say it to those who cannot see the group', () => {
  const { container } = draw(said(1, 'hello'));
  expect(container.querySelector('.author')?.textContent).toBe(HERON.nickname);
  cleanup();
  const { container: second } = draw(said(2, 'again'), { first: false });
  expect(second.querySelector('.author')).toBeNull();
  expect(second.querySelector('.vh')?.textContent).toBe(HERON.nickname);
});

test('text is text: markup is shown, never obeyed', () => {
  const { container } = draw(said(1, '<img src=x onerror=alert(1)> <b>bold</b>'));
  expect(container.querySelector('.txt img, .txt b')).toBeNull();
  expect(container.querySelector('.txt')?.textContent).toContain('<img src=x onerror=alert(1)>');
});

test('an address asks before it opens, and names the host', () => {
  const { asked } = draw(said(1, 'see https://example.org/a?b=1.'));
  const link = screen.getByRole('link', { name: 'https://example.org/a?b=1' });
  expect(link.getAttribute('rel')).toContain('noreferrer');
  fireEvent.click(link);
  expect(asked).toEqual([['link', 'https://example.org/a?b=1', 'example.org']]);
});

test.each([
  ['pending', 'sending'],
  ['sent', 'sent'],
  ['failed', 'Not sent'],
] as const)('an own message that is %s says so in words', (state, words) => {
  const { container } = draw(said(1, 'mine', { own: true, state, cid: 'c' }));
  expect(container.querySelector('.meta .vh')?.textContent).toBe(words);
});

test('a failed message offers to try again', () => {
  const { asked } = draw(said(1, 'mine', { own: true, state: 'failed', cid: 'c1' }));
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(asked).toEqual([['retry', 'c1']]);
});

test('a deleted message keeps its place, without text and without a menu', () => {
  const { container, asked } = draw(said(1, '', { deleted: true, author: null }));
  expect(container.textContent).toBe('Message deleted');
  fireEvent.contextMenu(container.querySelector('.bubble') as HTMLElement);
  expect(asked).toEqual([]);
});

test('a mask that was put down has neither name nor face', () => {
  const { container } = draw(said(1, 'still here', { author: null }));
  expect(container.querySelector('img')).toBeNull();
  expect(container.querySelector('.author')?.textContent).toBe('A mask put down');
});

test('a quote of a deleted message quotes nothing', () => {
  const replyTo = { id: '1-1', seq: 1, userId: 32, nickname: 'Velvet Heron', excerpt: null };
  const { container } = draw(said(2, 'yes', { replyTo }));
  expect(container.querySelector('.quote')?.textContent).toBe('Velvet HeronMessage deleted');
});

test('the menu opens by context menu and by Enter', () => {
  const { container, asked } = draw(said(1, 'hello'));
  const bubble = container.querySelector('.bubble') as HTMLElement;
  fireEvent.contextMenu(bubble);
  fireEvent.keyDown(bubble, { key: 'Enter' });
  expect(asked).toEqual([
    ['menu', 'k1'],
    ['menu', 'k1'],
  ]);
});
