/** The REST API as functions: each gives the answer or throws an ApiError. */
import createClient from 'openapi-fetch';
import { ApiError, toApiError, UNREACHABLE } from './error';
import type { components, paths } from './schema';

export type Me = components['schemas']['Me'];
export type MessagePage = components['schemas']['Page'];
/** What every answer with tokens has. */
export type Tokens = Pick<components['schemas']['TokenSet'], 'access_token' | 'refresh_token' | 'expires_in'>;

/** Where an access token comes from; `renew` gets the one that was refused. */
export interface Bearer {
  token(): Promise<string>;
  renew(refused: string): Promise<string>;
}

export interface ApiOptions {
  /** Origin of the server, without a slash at the end. */
  origin: string;
  /** For `Accept-Language`, asked anew for each request. */
  language(): string;
  /** A random name of this browser (auth contract 12), or null where nothing can be kept. */
  device?(): string | null;
  fetch?: typeof fetch;
}

/** How long an answer may take. */
const TIMEOUT_MS = 15_000;

/** Codes that mean: the token is no good, another may be. */
export const RENEWABLE: ReadonlySet<string> = new Set([
  'token_expired',
  'token_invalid',
  'token_missing',
  'session_revoked',
  'user_not_found',
]);

export type Api = ReturnType<typeof createApi>;

/** The paths of the API as typed calls; every screen's own functions are made of these. */
export function createCalls({ origin, language, device, fetch: ask = globalThis.fetch.bind(globalThis) }: ApiOptions) {
  const client = createClient<paths>({ baseUrl: origin, fetch: (request) => withTimeout(ask, request) });
  client.use({
    onRequest({ request, schemaPath }) {
      request.headers.set('Accept-Language', language());
      // Only where somebody signs in: elsewhere nobody needs to know which device it is.
      const name = /^\/(api\/)?auth\b/.test(schemaPath) ? device?.() : null;
      if (name) request.headers.set('X-Device-Id', name);
    },
  });
  return client;
}

export function createApi(options: ApiOptions) {
  const client = createCalls(options);

  return {
    /** Telegram's initData for a session of ours. */
    signIn: (initData: string, deviceInfo?: string) =>
      answer(client.POST('/auth', { body: { initData, ...(deviceInfo ? { deviceInfo } : {}) } })),

    refresh: (refresh_token: string) => answer(client.POST('/api/auth/refresh', { body: { refresh_token } })),

    logout: (token: string, refresh_token: string) =>
      answer(client.POST('/api/auth/logout', { body: { refresh_token }, ...authorised(token) })),

    me: (bearer: Bearer): Promise<Me> => withToken(bearer, (token) => client.GET('/api/me', authorised(token))),

    newMask: (bearer: Bearer) => withToken(bearer, (token) => client.POST('/api/profile/new', authorised(token))),

    /** The newest page, or the one before a seq; ascending. */
    messages: (bearer: Bearer, roomId: number, query: { before?: number; limit: number }): Promise<MessagePage> =>
      withToken(bearer, (token) =>
        client.GET('/api/rooms/{id}/messages', { params: { path: { id: roomId }, query }, ...authorised(token) }),
      ),
  };
}

export const authorised = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

/** A token may end between two looks at the clock: one more try with a fresh one. */
export async function withToken<R, T = R>(
  bearer: Bearer,
  ask: (token: string) => Promise<Result<R>>,
  read: (asked: Promise<Result<R>>) => Promise<T> = answer as never,
): Promise<T> {
  const token = await bearer.token();
  try {
    return await read(ask(token));
  } catch (error) {
    if (!(error instanceof ApiError && RENEWABLE.has(error.code))) throw error;
    return read(ask(await bearer.renew(token)));
  }
}

export type Result<T> = { data?: T; error?: unknown; response: Response };

/** An answer whose content says nothing, such as 204. */
export async function done(asked: Promise<Result<unknown>>): Promise<true> {
  const { error, response } = await asked.catch((cause: unknown) => {
    throw new ApiError(UNREACHABLE, 0, undefined, [], { cause });
  });
  if (!response.ok) throw toApiError(response, error);
  return true;
}

export async function answer<T>(asked: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await asked.catch((cause: unknown) => {
    throw new ApiError(UNREACHABLE, 0, undefined, [], { cause });
  });
  if (!response.ok) throw toApiError(response, error);
  // A success without our JSON came from something in between, such as the page of a hotel's network.
  if (data === undefined) throw new ApiError(UNREACHABLE, 0);
  return data;
}

async function withTimeout(ask: typeof fetch, request: Request): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    return await ask(request, { signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
}
