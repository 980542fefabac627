import { describe, expect, test } from 'vitest';
import { ApiError } from '../api/error';
import { SignInError } from '../api/session';
import { createTexts } from '../i18n';
import { CODES, clock, fieldProblem, isShownBeside, isStrongEnough, refusalOf, wordsFor } from './problem';
import { en } from './texts/en';

const t = createTexts<typeof en>('en', en);

test('each code that has words is told by them, and none has words that nobody reads', () => {
  const texts = Object.keys(en).filter((key) => key.startsWith('code.'));
  expect(CODES.map((code) => `code.${code}`).sort()).toEqual(
    texts.filter((key) => key !== 'code.other' && key !== 'code.wait').sort(),
  );
  expect(wordsFor(t, 'a_code_of_tomorrow')).toBe('That did not work. Try once more');
});

test('a form may have words of its own for a code', () => {
  expect(wordsFor(t, 'credentials_invalid', { credentials_invalid: 'password.wrong' })).toBe(
    'This is not your password',
  );
});

describe('beside the field', () => {
  const refusal = (code: string, fields: { field: string; code: string }[] = []) => ({ code, fields });

  test('stands what the server says about it', () => {
    const weak = refusal('password_weak', [{ field: 'password', code: 'too_short' }]);
    expect(fieldProblem(t, weak, 'password')).toBe('Too short');
    expect(fieldProblem(t, weak, 'email')).toBeNull();
  });

  test('a field’s code without words is told by the whole refusal', () => {
    const weak = refusal('password_weak', [{ field: 'password', code: 'bad_format' }]);
    expect(fieldProblem(t, weak, 'password')).toBe('The password is too weak');
  });

  test('stands what can only mean this field', () => {
    expect(fieldProblem(t, refusal('email_taken'), 'email')).toMatch(/^This address belongs/);
    expect(isShownBeside(refusal('email_taken'), ['email'])).toBe(true);
    expect(isShownBeside(refusal('email_taken'), ['password'])).toBe(false);
    expect(isShownBeside(refusal('rate_limited'), ['email'])).toBe(false);
  });
});

test('what the server said is kept, what nobody foresaw is thrown on', () => {
  const challenge = { token: 'm', factors: ['totp'] };
  expect(refusalOf(new ApiError('mfa_required', 403, undefined, [], {}, challenge))).toEqual({
    code: 'mfa_required',
    fields: [],
    challenge,
  });
  expect(refusalOf(new SignInError('unreachable', 'unreachable')).code).toBe('unreachable');
  expect(() => refusalOf(new TypeError('a mistake of ours'))).toThrow('a mistake of ours');
});

test.each([
  ['abc1', false],
  ['abcdef', false],
  ['123456', false],
  ['abcde1', true],
  ['фонарь1', true],
  ['面具面具面1', true],
  ['fifteen letters', true],
  ['a1'.repeat(65), false],
])('%s keeps the rule for passwords: %s', (password, strong) => {
  expect(isStrongEnough(password)).toBe(strong);
});

test('seconds are read as a clock', () => {
  expect([5, 60, 754].map(clock)).toEqual(['0:05', '1:00', '12:34']);
});
