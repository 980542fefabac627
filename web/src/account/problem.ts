/** What a refusal is called on the screen: our own words by the server's code, beside the field they concern. */
import { ApiError } from '../api/error';
import { SignInError } from '../api/session';
import type { Failure } from '../chat/model';
import type { AccountKey, AccountText } from './texts';

/** Names of fields, as requests have them. */
export type FieldName = 'email' | 'password' | 'confirmPassword' | 'currentPassword' | 'code';

export interface Refusal extends Failure {
  fields: readonly { field: string; code: string }[];
}

/** Codes with words of their own; the others are told as `code.other`. */
export const CODES = [
  'credentials_invalid',
  'account_disabled',
  'account_locked',
  'rate_limited',
  'email_invalid',
  'email_taken',
  'email_already_bound',
  'email_verified',
  'email_not_verified',
  'telegram_taken',
  'telegram_already_bound',
  'telegram_data_invalid',
  'init_data_expired',
  'init_data_invalid',
  'password_mismatch',
  'password_weak',
  'password_common',
  'too_short',
  'too_long',
  'required',
  'signup_disabled',
  'geo_blocked',
  'mfa_invalid',
  'mfa_expired',
  'reauth_required',
  'last_login_method',
  'not_bound',
  'session_not_found',
  'verification_token_invalid',
  'reset_token_invalid',
  'validation_failed',
  'forbidden',
  'not_confirmed',
  'unreachable',
  'unavailable',
] as const;

/** Where a code belongs when the server names no field. */
const FIELD: Readonly<Record<string, FieldName>> = {
  email_invalid: 'email',
  email_taken: 'email',
  password_mismatch: 'confirmPassword',
  password_weak: 'password',
  mfa_invalid: 'code',
};

/** Words that one form has for a code in place of the common ones. */
export type Wording = Readonly<Record<string, AccountKey>>;

export function wordsFor(t: AccountText, code: string, wording: Wording = {}): string {
  const own = wording[code];
  if (own) return (t as (key: AccountKey) => string)(own);
  const known = CODES.find((other) => other === code);
  return t(known ? `code.${known}` : 'code.other');
}

/** A failure that a screen can show; anything else is a mistake of ours and is thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof ApiError) {
    const { code, retryAfter, fields, challenge } = error;
    return { code, fields, ...(retryAfter === undefined ? {} : { retryAfter }), ...(challenge ? { challenge } : {}) };
  }
  // The session ended, and the page of that takes this one's place; or the server is away.
  if (error instanceof SignInError) return { code: 'unreachable', fields: [] };
  throw error;
}

/** What stands beside a field, or null. */
export function fieldProblem(t: AccountText, refusal: Refusal, field: FieldName, wording?: Wording): string | null {
  const named = refusal.fields.find((problem) => problem.field === field);
  if (named) return wordsFor(t, CODES.some((code) => code === named.code) ? named.code : refusal.code, wording);
  return refusal.fields.length === 0 && FIELD[refusal.code] === field ? wordsFor(t, refusal.code, wording) : null;
}

/** Whether some field of the form shows it already. */
export function isShownBeside(refusal: Refusal, fields: readonly FieldName[]): boolean {
  const at = refusal.fields.length > 0 ? refusal.fields.map(({ field }) => field) : [FIELD[refusal.code] ?? ''];
  return at.some((field) => fields.some((shown) => shown === field));
}

/** `0:45`, `12:00`. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

/** The rule that is said beside a new password (auth contract 6); the server may ask for more. */
export function isStrongEnough(password: string): boolean {
  const length = [...password].length;
  if (length > 128) return false;
  return length >= 15 || (length >= 6 && LETTER.test(password) && DIGIT.test(password));
}
