/** Every socket event of the chat contract, in one place, with its payload. */
import type { Message, Profile } from './model';

/** Answer to `message`. */
export interface Sent {
  id: string;
  seq: number;
  cid: string;
  created_at: string;
}

/** What changed in a room since some seq: an answer to `sync`, or sent by the server itself. */
export interface Sync {
  /** The change behind which the items begin: who knows less has a hole before them. */
  after?: number;
  items: readonly Message[];
  head: number;
  epoch: string;
  /** There is more; ask again from the last item's `rev`. */
  more?: boolean;
  /** The items are a fresh newest page: forget what was there. */
  reset?: boolean;
}

/** An ack is the result or this. */
export interface Refusal {
  error: { code: string; message: string; retryAfter?: number };
}

export type Ack<T> = (answer: T | Refusal) => void;

export interface Position {
  rooms: Record<string, number>;
  epochs: Record<string, string>;
}

export interface Draft {
  roomId: number;
  content: string;
  cid: string;
}

export interface ServerEvents {
  joined: (e: { room: string | number }) => void;
  message: (m: Message) => void;
  changed: (e: { roomId: number; seq: number; message: Message }) => void;
  /** Something about the room itself changed; it takes a seq but is no message. */
  room: (e: { roomId: number; seq: number }) => void;
  sync: (e: Sync & { roomId: number }) => void;
  heads: (e: Record<string, number>) => void;
  presence: (e: { roomId: number; online: number }) => void;
  mask: (e: { profile: Profile }) => void;
  notice: (e: { code: string; message: string }) => void;
  error: (e: { event: string; code: string; message: string; retryAfter?: number }) => void;
  auth_required: (e: { code: string }) => void;
  auth_error: (e: { code: string; message: string }) => void;
  session_revoked: (e: { code: string }) => void;
}

export interface ClientEvents {
  auth: (e: { token: string }, ack: Ack<{ profile: Profile }>) => void;
  message: (e: Draft, ack: Ack<Sent>) => void;
  sync: (e: { roomId: number; after: number; epoch?: string }, ack: Ack<Sync>) => void;
}
