/** The account's part of the REST API, for its screens. Each call gives the answer or throws an ApiError. */
import { type ApiOptions, answer, authorised, type Bearer, createCalls, done, type Me, withToken } from '../api/client';
import type { components, paths } from '../api/schema';

type Schemas = components['schemas'];
export type User = Schemas['User'];
/** One sign-in on one device. */
export type DeviceSession = Schemas['Session'];
export type AuditEvent = Schemas['Event'];
/** How an account is protected; one of its factors; the kinds there are. */
export type Protection = Schemas['Protection'];
export type Factor = Schemas['ActiveFactor'];
export type FactorKind = Schemas['ProofBody']['factor'];
/** What is asked of an authenticator, and its answers (WebAuthn level 3, section 5.1). */
export type CreationOptions = Schemas['CreationOptions'];
export type RequestOptions = Schemas['RequestOptions'];
export type NewPasskey = Schemas['PasskeyBody'];
export type PasskeyProof = Omit<Schemas['PasskeySignIn'], 'deviceInfo'>;
export type TokenSet = Schemas['TokenSet'];

/** A device's class as this page's owner reads it in the list of devices. */
export interface AccountOptions extends ApiOptions {
  bearer: Bearer;
  deviceInfo?: string | undefined;
}

export type AccountApi = ReturnType<typeof createAccountApi>;

export function createAccountApi({ bearer, deviceInfo, ...options }: AccountOptions) {
  const calls = createCalls(options);
  const device = deviceInfo ? { deviceInfo } : {};
  /** With the token of this page's session, renewed once when it is refused. */
  const own = <T>(ask: (token: ReturnType<typeof authorised>) => Parameters<typeof answer<T>>[0]): Promise<T> =>
    withToken(bearer, (token) => ask(authorised(token)));
  const ownDone = (ask: (token: ReturnType<typeof authorised>) => Parameters<typeof done>[0]): Promise<true> =>
    withToken(bearer, (token) => ask(authorised(token)), done);

  return {
    // Without a session.
    register: (email: string, password: string, confirmPassword: string) =>
      answer(calls.POST('/api/auth/register', { body: { email, password, confirmPassword, ...device } })),
    /** By e-mail, or by username where there is no address in it. */
    login: (name: string, password: string) =>
      answer(
        calls.POST('/api/auth/login', {
          body: { ...(isAddress(name) ? { email: name } : { username: withoutAt(name) }), password, ...device },
        }),
      ),
    loginWidget: (fields: Record<string, unknown>) =>
      answer(calls.POST('/api/auth/telegram/bot-login', { body: { ...fields, ...device } as WidgetFields })),
    /** Names of the other services that lead in. */
    issuers: async (): Promise<string[]> => (await answer(calls.GET('/api/auth/oidc'))).issuers,
    startIssuer: (issuer: string) =>
      answer(calls.POST('/api/auth/oidc/{issuer}/start', { params: { path: { issuer } } })),
    finishIssuer: (issuer: string, flow: string, state: string, code: string) =>
      answer(
        calls.POST('/api/auth/oidc/{issuer}/callback', {
          params: { path: { issuer } },
          body: { flow, state, code, ...device },
        }),
      ),
    forgot: (email: string) => done(calls.POST('/api/auth/password/forgot', { body: { email } })),
    reset: (token: string, password: string, confirmPassword: string) =>
      answer(calls.POST('/api/auth/password/reset', { body: { token, password, confirmPassword } })),
    /** With the password of the account that the letter is about; twice makes an account of the reader's own. */
    verifyEmail: (token: string, password?: string, confirmPassword?: string) =>
      answer(
        calls.POST('/api/auth/email/verify', {
          body: {
            token,
            ask: true,
            ...(password ? { password } : {}),
            ...(confirmPassword ? { confirmPassword } : {}),
          },
        }),
      ),
    challenge: (mfa_token: string, factor: FactorKind) =>
      answer(calls.POST('/api/auth/mfa/challenge', { body: { mfa_token, factor } })),
    answerChallenge: (mfa_token: string, factor: FactorKind, code: string, trustDevice: boolean): Promise<TokenSet> =>
      answer(calls.POST('/api/auth/mfa/verify', { body: { mfa_token, factor, code, trustDevice } })),
    passkeyLoginOptions: () => answer(calls.POST('/api/auth/passkey/login/options')),
    passkeyLogin: (credential: PasskeyProof) =>
      answer(calls.POST('/api/auth/passkey/login', { body: { ...credential, ...device } })),

    // With one.
    me: (): Promise<Me> => own((token) => calls.GET('/api/me', token)),
    profile: (change: { language?: User['language'] }) =>
      own((token) => calls.PATCH('/api/user/profile', { body: change, ...token })),
    reauth: (proof: { password?: string; initData?: string; code?: string }) =>
      own((token) => calls.POST('/api/auth/reauth', { body: proof, ...token })),
    bindTelegram: (initData: string) =>
      own((token) => calls.POST('/api/user/bind-telegram', { body: { initData }, ...token })),
    unbindTelegram: () => own((token) => calls.POST('/api/user/unbind-telegram', token)),
    bindEmail: (email: string, password: string, confirmPassword: string) =>
      own((token) => calls.POST('/api/user/bind-email', { body: { email, password, confirmPassword }, ...token })),
    unbindEmail: () => own((token) => calls.POST('/api/user/unbind-email', token)),
    sendVerification: () => ownDone((token) => calls.POST('/api/auth/email/verify/send', token)),
    changePassword: (currentPassword: string, password: string, confirmPassword: string) =>
      own((token) =>
        calls.POST('/api/auth/password/change', { body: { currentPassword, password, confirmPassword }, ...token }),
      ),
    sessions: async (): Promise<DeviceSession[]> =>
      (await own((token) => calls.GET('/api/auth/sessions', token))).sessions,
    endSession: (id: string) =>
      ownDone((token) => calls.DELETE('/api/auth/sessions/{id}', { params: { path: { id } }, ...token })),
    endOthers: () => own((token) => calls.POST('/api/auth/logout-all', { body: { keepCurrent: true }, ...token })),
    endAll: () => own((token) => calls.POST('/api/auth/logout-all', { body: {}, ...token })),
    audit: (cursor?: string): Promise<{ events: AuditEvent[]; next?: string }> =>
      own((token) => calls.GET('/api/auth/audit', { params: { query: cursor ? { cursor } : {} }, ...token })),
    exportData: () => own((token) => calls.GET('/api/user/export', token)),
    erase: () => ownDone((token) => calls.DELETE('/api/user', token)),
    protection: (): Promise<Protection> => own((token) => calls.GET('/api/auth/mfa', token)),
    askFactorFor: (mfaFor: Protection['mfaFor']): Promise<Protection> =>
      own((token) => calls.PATCH('/api/auth/mfa', { body: { mfaFor }, ...token })),
    renewRecoveryCodes: () => own((token) => calls.POST('/api/auth/mfa/recovery', token)),
    enrollTotp: () => own((token) => calls.POST('/api/auth/mfa/totp/enroll', token)),
    activateTotp: (factorId: string, code: string) =>
      own((token) => calls.POST('/api/auth/mfa/totp/activate', { body: { factorId, code }, ...token })),
    removeFactor: (factorId: string) =>
      ownDone((token) => calls.DELETE('/api/auth/mfa/{factorId}', { params: { path: { factorId } }, ...token })),
    passkeyOptions: () => own((token) => calls.POST('/api/auth/passkey/register/options', token)),
    addPasskey: (credential: NewPasskey) =>
      own((token) => calls.POST('/api/auth/passkey/register', { body: credential, ...token })),
    removePasskey: (id: string) =>
      ownDone((token) => calls.DELETE('/api/auth/passkey/{id}', { params: { path: { id } }, ...token })),
  };
}

type WidgetFields = NonNullable<
  paths['/api/auth/telegram/bot-login']['post']['requestBody']
>['content']['application/json'];

const isAddress = (name: string): boolean => name.indexOf('@') > 0;
const withoutAt = (name: string): string => name.trim().replace(/^@/, '');
