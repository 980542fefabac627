/**
 * The server writes one JSON file for each thing it says in the chat (its own tests keep them true);
 * `satisfies` holds our types to them, so neither side can change alone.
 */
import { expect, test } from 'vitest';
import type { Refusal, Sent, ServerEvents, Sync } from '../chat/events';
import type { Author, Message, Profile } from '../chat/model';
import type { Page } from '../chat/roomLog';
import author from './golden/author.json';
import error from './golden/error.json';
import heads from './golden/heads.json';
import joinedGlobal from './golden/joined-global.json';
import joinedRoom from './golden/joined-room.json';
import mask from './golden/mask.json';
import message from './golden/message.json';
import messageEdited from './golden/message-edited.json';
import messageErased from './golden/message-erased.json';
import page from './golden/page.json';
import pageEmpty from './golden/page-empty.json';
import presence from './golden/presence.json';
import profile from './golden/profile.json';
import refused from './golden/refused.json';
import sent from './golden/sent.json';
import sync from './golden/sync.json';
import syncEmpty from './golden/sync-empty.json';
import syncReset from './golden/sync-reset.json';
import welcome from './golden/welcome.json';

type Event<E extends keyof ServerEvents> = Parameters<ServerEvents[E]>[0];

const used = {
  author: author satisfies Author,
  error: error satisfies Event<'error'>,
  heads: heads satisfies Event<'heads'>,
  'joined-global': joinedGlobal satisfies Event<'joined'>,
  'joined-room': joinedRoom satisfies Event<'joined'>,
  mask: mask satisfies Event<'mask'>,
  message: message satisfies Message,
  'message-edited': messageEdited satisfies Message,
  'message-erased': messageErased satisfies Message,
  page: page satisfies Page,
  'page-empty': pageEmpty satisfies Page,
  presence: presence satisfies Event<'presence'>,
  profile: profile satisfies Profile,
  refused: refused satisfies Refusal,
  sent: sent satisfies Sent,
  sync: sync satisfies Sync & Event<'sync'>,
  'sync-empty': syncEmpty satisfies Sync & Event<'sync'>,
  'sync-reset': syncReset satisfies Sync & Event<'sync'>,
  welcome: welcome satisfies { profile: Profile },
};

/** What the app does not read: other clients' history, rooms, and answers it does not ask for. */
const unread = [
  'entered',
  'invite',
  'invite-preview',
  'left',
  'members',
  'notice-out',
  'opened',
  'read',
  'room',
  'room-change',
  'room-small',
  'rooms',
  'rows',
  'sync-room',
];

test('every golden file is held to a type, or known to be unread', () => {
  const names = Object.keys(import.meta.glob('./golden/*.json')).map((path) => path.replace(/^.*\/|\.json$/g, ''));
  expect(names.sort()).toEqual([...Object.keys(used), ...unread].sort());
});
