/** Routes of the auth contract that the described API does not have yet, in the form of its generated types. */
import type { components } from '../api/schema';

type User = components['schemas']['User'];
type TokenSet = components['schemas']['TokenSet'];

type Call<Body, Answer, Params = unknown> = {
  parameters: Params;
  responses: { 200: { headers: object; content: { 'application/json': Answer } } };
} & (Body extends undefined ? { requestBody?: never } : { requestBody: { content: { 'application/json': Body } } });
interface Post<Body, Answer> {
  parameters: object;
  post: Call<Body, Answer, object>;
}
interface Get<Answer, Query = object> {
  parameters: object;
  get: Call<undefined, Answer, { query?: Query }>;
}
interface Delete<Params = object> {
  parameters: object;
  delete: Call<undefined, never, Params>;
}

export interface DeviceSession {
  id: string;
  current: boolean;
  deviceInfo: string;
  client: string;
  os: string;
  ip: string;
  country: string | null;
  methods: string[];
  createdAt: string;
  lastSeenAt: string;
  idleExpiresAt: string;
  expiresAt: string;
}

export interface AuditEvent {
  id?: string;
  event: string;
  at: string;
  outcome: string;
  country: string | null;
  userAgent: string;
}

export interface Factor {
  id: string;
  kind: string;
  name: string;
  createdAt: string;
}

interface Success {
  success: boolean;
  message?: string;
}
type Linked = Success & { user: User; warnings?: string[] };

export interface Contract {
  '/api/auth/register': Post<
    { email: string; password: string; confirmPassword: string; deviceInfo?: string },
    TokenSet & { warnings?: string[] }
  >;
  '/api/auth/login': Post<{ email?: string; username?: string; password: string; deviceInfo?: string }, TokenSet>;
  '/api/auth/logout-all': Post<{ keepCurrent?: boolean }, Success & { revoked: number }>;
  '/api/auth/email/verify/send': Post<undefined, unknown>;
  '/api/auth/email/verify': Post<{ token: string }, Success>;
  '/api/auth/email/claim': Post<{ token: string }, Success>;
  '/api/auth/password/forgot': Post<{ email: string }, unknown>;
  '/api/auth/password/reset': Post<
    { token: string; password: string; confirmPassword: string },
    Success & { warnings?: string[] }
  >;
  '/api/auth/password/change': Post<
    { currentPassword: string; password: string; confirmPassword: string },
    Success & { revoked: number; warnings?: string[] }
  >;
  '/api/auth/reauth': Post<{ password?: string; initData?: string; code?: string }, Success & { fresh_until: string }>;
  '/api/auth/sessions': Get<{ sessions: DeviceSession[] }>;
  '/api/auth/sessions/{id}': Delete<{ path: { id: string } }>;
  '/api/user/bind-telegram': Post<{ initData: string }, Linked>;
  '/api/user/bind-email': Post<{ email: string; password: string; confirmPassword: string }, Linked>;
  '/api/user/unbind-telegram': Post<undefined, Linked>;
  '/api/user/unbind-email': Post<undefined, Linked>;
  '/api/user/profile': {
    parameters: object;
    patch: Call<{ firstName?: string; lastName?: string; language?: User['language']; mfaFor?: string }, User, object>;
  };
  '/api/user': Delete;
  '/api/user/export': Get<unknown>;
  '/api/auth/audit': Get<{ events: AuditEvent[]; next?: string | null }, { cursor?: string }>;
  '/api/auth/mfa': Get<{ factors: Factor[] }>;
  '/api/auth/mfa/totp/enroll': Post<undefined, { factorId: string; secret: string; otpauthUri: string }>;
  '/api/auth/mfa/totp/activate': Post<{ factorId: string; code: string }, { recoveryCodes: string[] }>;
  '/api/auth/mfa/{factorId}': Delete<{ path: { factorId: string } }>;
  '/api/auth/mfa/challenge': Post<{ mfa_token: string; factor: string }, unknown>;
  '/api/auth/mfa/verify': Post<{ mfa_token: string; factor: string; code: unknown; trustDevice: boolean }, TokenSet>;
  '/api/auth/passkey/register/options': Post<undefined, unknown>;
  '/api/auth/passkey/register': Post<unknown, unknown>;
  '/api/auth/passkey/login/options': Post<undefined, unknown>;
  '/api/auth/passkey/login': Post<unknown, TokenSet>;
  '/api/auth/passkey/{id}': Delete<{ path: { id: string } }>;
}
