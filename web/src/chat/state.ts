/** The shape of what the screens see of the chat. */
import type { Bearer } from '../api/client';
import type { Entered } from '../api/session';
import {
  DEFAULT_LIMITS,
  DEFAULT_SETTINGS,
  type Entry,
  type Failure,
  type Limits,
  type Profile,
  type Settings,
} from './model';
import type { Platform } from './platform';

/**
 * Where the whole app stands.
 * - `starting`: nothing to show yet, draw the skeleton
 * - `ready`: there is a mask; from the cache at first, so `connection` may still be `connecting`
 * - `outside`: no initData and no stored session: "open in Telegram"
 * - `stale`: initData is too old and there is no stored session: "open the app anew"
 * - `ended`: the session was ended from outside or by the person, see `refusal`
 * - `refused`: the server said no for good, see `refusal`
 * - `unreachable`: nothing cached and no server; it is tried again by itself
 */
export type Phase = 'starting' | 'ready' | 'outside' | 'stale' | 'ended' | 'refused' | 'unreachable';

/** `reconnecting` is said only after two seconds, so that a blink of the network shows nothing. */
export type Connection = 'online' | 'connecting' | 'reconnecting';

export interface ChatState {
  phase: Phase;
  /** Why `phase` is `refused` or `ended`. */
  refusal: Failure | null;
  profile: Profile | null;
  limits: Limits;
  settings: Settings;
  /** Whether `entries` are the room as it was last seen; until then an empty list says nothing. */
  loaded: boolean;
  /** Ascending; messages that wait or failed stand at the end. */
  entries: readonly Entry[];
  hasOlder: boolean;
  loadingOlder: boolean;
  /** A rounded lower bound: 0, 5, 20, 100, 500, 1000, … */
  online: number;
  connection: Connection;
  /** Where the line "new messages" stands: seq of the first message not read before this visit. */
  unreadFrom: number | null;
  /** Messages of others that came since the list left its bottom. */
  newSince: number;
  draft: string;
  /** Until when (ms) the server asked to go slower; waiting messages go on by themselves. */
  slowUntil: number | null;
}

/** `ok: false` carries the server's code, or `unreachable`. */
export type Outcome = { ok: true } | ({ ok: false } & Failure);

export interface ChatActions {
  /** Signs in and connects. Call once, before React renders. */
  start(platform: Platform): void;
  /** Tries again at once, for the page of `unreachable`. */
  tryAgain(): void;
  /** Puts the text up as an own bubble within this tick; false when there is nothing to send or it is too long. */
  send(text: string): boolean;
  retry(cid: string): void;
  discard(cid: string): void;
  loadOlder(): void;
  /** Everything up to seq was on the screen. */
  read(seq: number): void;
  setDraft(text: string): void;
  setAtBottom(atBottom: boolean): void;
  /** Puts the mask down and takes a new one; `rate_limited` after three a day. */
  newMask(): Promise<Outcome>;
  /** Ends the session here and wipes what this device keeps of the account. */
  logout(): Promise<void>;
  /** The account is no more: as logout, without anybody to tell. */
  erased(): Promise<void>;
  /** Goes on with the session that a sign-in outside Telegram gave. */
  enter(tokens: Entered): void;
  /** Begins anew with this launch's initData. */
  comeIn(): void;
  /** Access tokens of this page's session, for what is asked beside the chat. */
  bearer: Bearer;
}

export type Chat = ChatState & ChatActions;

export const initialState: ChatState = {
  phase: 'starting',
  refusal: null,
  profile: null,
  limits: DEFAULT_LIMITS,
  settings: DEFAULT_SETTINGS,
  loaded: false,
  entries: [],
  hasOlder: false,
  loadingOlder: false,
  online: 0,
  connection: 'connecting',
  unreadFrom: null,
  newSince: 0,
  draft: '',
  slowUntil: null,
};
