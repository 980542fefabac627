import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { personKey } from '../api/keeper';
import { Cache } from './cache';
import { DEFAULT_LIMITS, DEFAULT_SETTINGS, type Profile } from './model';
import type { Platform } from './platform';
import { createChat } from './store';

const profile: Profile = {
  id: 7,
  nickname: 'Quiet Fox',
  avatarUrl: '/avatar/7.svg',
  color: 3,
  photos: [],
  createdDay: '2026-11-20',
};

function platform(initData: string): Platform {
  return {
    initData,
    userId: initData ? 42 : null,
    language: () => 'en',
    secrets: null,
    onVisibility: () => () => {},
  };
}

const problem = (status: number, code: string) => Response.json({ code, status }, { status });

/** What the server answers to every request. */
let answer: () => Response;
const open: ReturnType<typeof createChat>[] = [];

async function started(initData: string, first: () => Response) {
  answer = first;
  const chat = createChat();
  open.push(chat);
  chat.getState().start(platform(initData));
  await vi.waitUntil(() => chat.getState().phase !== 'starting');
  return chat;
}

const offline = (): Response => {
  throw new TypeError('Failed to fetch');
};

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('fetch', async () => answer());
});
afterEach(async () => {
  for (const chat of open.splice(0)) await chat.getState().logout();
  vi.unstubAllGlobals();
});

describe('a start that leads nowhere', () => {
  test('without initData and without a session: open in Telegram', async () => {
    expect((await started('', offline)).getState().phase).toBe('outside');
  });

  test('with initData of yesterday: open it anew', async () => {
    const chat = await started('old', () => problem(401, 'init_data_expired'));
    expect(chat.getState()).toMatchObject({ phase: 'stale' });
  });

  test('refused for good: says why', async () => {
    const chat = await started('banned', () => problem(403, 'account_disabled'));
    expect(chat.getState()).toMatchObject({ phase: 'refused', refusal: { code: 'account_disabled' } });
  });

  test('no server and nothing cached: unreachable, and it can be tried again at once', async () => {
    const chat = await started('anna', offline);
    expect(chat.getState().phase).toBe('unreachable');
    answer = () => problem(401, 'init_data_expired');
    chat.getState().tryAgain();
    await vi.waitUntil(() => chat.getState().phase === 'stale');
  });
});

describe('a start with a cached room and no network', () => {
  async function cached() {
    const person = await personKey(localStorage, 42);
    localStorage.setItem(`maska.person.${person}`, '5');
    const cache = new Cache(localStorage, 5);
    cache.keepMask({ profile, limits: { ...DEFAULT_LIMITS, contentLength: 10 }, settings: DEFAULT_SETTINGS });
    const created_at = new Date().toISOString();
    const message = { id: '1-9', seq: 9, rev: 9, roomId: 1, userId: 8, content: 'hi', author: null, created_at };
    cache.keepLog(7, { epoch: 'e', last: 9, floor: 9, messages: [message] });
    cache.keepDraft(7, 'half a');
    return started('anna', offline);
  }

  test('shows mask, messages and draft at once', async () => {
    const { phase, profile: shown, entries, draft, hasOlder, loaded } = (await cached()).getState();
    expect({ phase, shown, draft, hasOlder, loaded }).toEqual({
      phase: 'ready',
      shown: profile,
      draft: 'half a',
      hasOlder: true,
      loaded: true,
    });
    expect(entries.map((e) => e.content)).toEqual(['hi']);
  });

  test('takes what is written, shows it within the tick and clears the draft', async () => {
    const chat = await cached();
    expect(chat.getState().send('  hello ')).toBe(true);
    expect(chat.getState().entries.at(-1)).toMatchObject({ content: 'hello', state: 'pending', own: true });
    expect(chat.getState().draft).toBe('');
  });

  test('keeps the limits that the server told last time', async () => {
    const chat = await cached();
    expect(chat.getState().send('much too long')).toBe(false);
    expect(chat.getState().entries).toHaveLength(1);
  });

  test('logging out leaves nothing of it, here or in the storage', async () => {
    const chat = await cached();
    chat.getState().send('hello');
    await chat.getState().logout();
    expect(chat.getState()).toMatchObject({
      phase: 'ended',
      refusal: { code: 'logged_out' },
      profile: null,
      entries: [],
      draft: '',
    });
    expect(Object.keys({ ...localStorage }).sort()).toEqual(['maska.device', 'maska.salt']);
  });
});
