/** The chat's own words: what the server says about a room, and what a screen shows of it. */
import type { Challenge } from '../api/error';
import type { components } from '../api/schema';

/** Who said something: the mask that others see, never the person behind it. */
export interface Author {
  id: number;
  nickname: string;
  avatarUrl: string;
  /** Hue of the mask and of the nickname, 0..11. */
  color: number;
}

export interface Photo {
  id: string;
  url: string;
  thumbUrl: string;
  width: number;
  height: number;
  blurhash: string;
}

/** A whole mask, one's own or another's. */
export interface Profile extends Author {
  photos: Photo[];
  bio?: string;
  /** `YYYY-MM-DD`. */
  createdDay: string;
}

/** A quote: who and what was answered. `excerpt` is null once the original was deleted. */
export interface Reply {
  id: string;
  seq: number;
  userId: number;
  nickname: string;
  excerpt: string | null;
}

export interface Reaction {
  emoji: string;
  count: number;
  mine: boolean;
}

/**
 * A message as the server sends it, by REST and by socket alike. `seq` is its place in the room and
 * never changes, `rev` is the seq of its last change. A deleted one keeps id, seq, rev, roomId,
 * created_at and deletedAt only. `author` is null when the mask was put down.
 */
export interface Message {
  id: string;
  seq: number;
  rev: number;
  roomId: number;
  /** RFC 3339 UTC, whole seconds. */
  created_at: string;
  userId?: number;
  content?: string;
  author?: Author | null;
  cid?: string;
  replyTo?: Reply;
  reactions?: Reaction[];
  editedAt?: string;
  deletedAt?: string;
}

export type EntryState = 'sent' | 'pending' | 'failed';

/** Why something was refused: the server's `code`; the screen has its own text for each. */
export interface Failure {
  code: string;
  /** Seconds. */
  retryAfter?: number;
  /** With `mfa_required`. */
  challenge?: Challenge;
}

/**
 * One bubble. The same object is kept while nothing about it changes, so a row may be memoised by
 * identity; `key` stays the same when an own bubble turns from pending to sent.
 */
export interface Entry {
  key: string;
  cid?: string;
  id?: string;
  seq?: number;
  author: Author | null;
  /** Profile id of the author; 0 when it is not known any more. */
  userId: number;
  content: string;
  /** Milliseconds since 1970. */
  at: number;
  own: boolean;
  state: EntryState;
  failure?: Failure;
  deleted?: boolean;
  edited?: boolean;
  replyTo?: Reply;
}

/** What the server allows, and how long it keeps what, from `GET /api/me`. */
export type Limits = components['schemas']['Limits'];
export type Settings = Pick<components['schemas']['Settings'], 'messageDays'>;

/** The one room everybody belongs to. */
export const GLOBAL_ROOM = 1;

/** What stands until `GET /api/me` has answered; the server's word counts in the end. */
export const DEFAULT_LIMITS: Limits = {
  contentLength: 4000,
  lines: 30,
  messageBurst: 3,
  messagePerSecond: 1,
  newMasksPerDay: 3,
};
export const DEFAULT_SETTINGS: Settings = { messageDays: 30 };
