/** The REST API as the server's OpenAPI document describes it, in the shape of openapi-typescript. */
import type { Message, Profile } from '../chat/model';

interface Json<T> {
  content: { 'application/json': T };
}
interface Answers<T> {
  responses: { 200: Json<T>; default: { content: { 'application/problem+json': Problem } } };
}
interface Plain<T> extends Answers<T> {
  parameters: { query?: never; path?: never; header?: never; cookie?: never };
  requestBody?: never;
}
interface WithBody<Body, T> extends Answers<T> {
  parameters: { query?: never; path?: never; header?: never; cookie?: never };
  requestBody: Json<Body>;
}
interface WithPath<Path, Query, T> extends Answers<T> {
  parameters: { query?: Query; path: Path; header?: never; cookie?: never };
  requestBody?: never;
}
interface Get<O> {
  get: O;
}
interface Post<O> {
  post: O;
}

export interface Problem {
  code: string;
  status: number;
  retryAfter?: number;
  errors?: { field: string; code: string; message: string }[];
}

export interface User {
  id: number;
  shortId: string;
}

export interface TokenSet {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
  refresh_expires_in: number;
  session_id: string;
  is_new_user: boolean;
}

export interface Me {
  profile: Profile;
  account: User;
  limits: { contentLength: number; lines: number; messageBurst: number; messagePerSecond: number };
  settings: { messageDays: number };
}

export interface MessagePage {
  items: Message[];
  head: number;
  epoch: string;
  hasMore: boolean;
}

export interface paths {
  '/auth': Post<WithBody<{ initData: string; deviceInfo?: string }, TokenSet & { account: User }>>;
  '/api/auth/refresh': Post<WithBody<{ refresh_token: string }, TokenSet & { user: User }>>;
  '/api/auth/logout': Post<WithBody<{ refresh_token?: string }, { success: boolean }>>;
  '/api/me': Get<Plain<Me>>;
  '/api/profile/new': Post<Plain<{ profile: Profile }>>;
  '/api/rooms/{id}/messages': Get<
    WithPath<{ id: number }, { before?: number; after?: number; limit?: number }, MessagePage>
  >;
}
