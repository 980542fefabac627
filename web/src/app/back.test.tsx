import { act, cleanup } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { inTelegram } from '../telegram/client';
import { openProtocol } from '../telegram/protocol';
import { show } from '../test/render';
import { removeClient, standInClient } from '../test/telegram';
import { useBack } from './back';

afterEach(() => {
  cleanup();
  removeClient(window);
});

function Layer({ name, closed }: { name: string; closed: string[] }) {
  useBack(() => closed.push(name));
  return null;
}

test('Telegram’s Back closes the topmost layer and goes when none is left', () => {
  const client = standInClient(window);
  const protocol = openProtocol(window);
  if (!protocol) throw new Error('no way to the client');
  const telegram = inTelegram(protocol, { initData: '', version: '9.1', platform: 'ios', theme: {} }, 7, () => 'en');
  const shown = () => client.told.filter(([method]) => method === 'web_app_setup_back_button').at(-1)?.[1];
  const closed: string[] = [];

  const { rerender } = show(
    <>
      <Layer name="sheet" closed={closed} />
      <Layer name="confirm" closed={closed} />
    </>,
    telegram,
  );
  expect(shown()).toEqual({ is_visible: true });
  act(() => client.say('back_button_pressed'));
  rerender(<Layer name="sheet" closed={closed} />);
  act(() => client.say('back_button_pressed'));
  expect(closed).toEqual(['confirm', 'sheet']);
  rerender(<span />);
  expect(shown()).toEqual({ is_visible: false });
});
