import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import Door from '../app/Door';
import { chat } from '../chat/store';
import { LocaleContext } from '../i18n';
import { AccountServer, MAIL_ANN, problem, TOKENS } from '../test/account';
import { given } from '../test/chat';
import { english, plainBrowser, showAccount } from '../test/render';
import Issued from './Issued';
import MailLink from './MailLink';

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, '', '/');
  given({ phase: 'outside' });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** The door, and whether somebody changed the language of the app. */
async function openDoor() {
  const choose = vi.fn(async () => {});
  const shown = await showAccount(
    <LocaleContext value={{ ...english, choose }}>
      <Door phase="outside" />
    </LocaleContext>,
  );
  return { ...shown, choose };
}

function entering() {
  const enter = vi.fn();
  chat.setState({ enter });
  return enter;
}

test('an address and a password lead in', async () => {
  const server = new AccountServer().on('POST /api/auth/login', TOKENS);
  const enter = entering();
  const { user } = await showAccount(<Door phase="outside" />);
  await user.type(screen.getByLabelText('E-mail or @username'), 'ann@example.org');
  await user.type(screen.getByLabelText('Password'), 'lantern7{Enter}');
  await waitFor(() => expect(enter).toHaveBeenCalledWith(TOKENS));
  expect(server.sent('POST /api/auth/login')).toEqual([
    { email: 'ann@example.org', password: 'lantern7', deviceInfo: 'Browser' },
  ]);
});

test('a device where nobody has chosen takes the account’s language', async () => {
  const user = { ...MAIL_ANN, language: 'ru' as const };
  new AccountServer().on('POST /api/auth/login', { ...TOKENS, user });
  const enter = entering();
  const { choose, ...shown } = await openDoor();
  await shown.user.type(screen.getByLabelText('E-mail or @username'), 'ann@example.org');
  await shown.user.type(screen.getByLabelText('Password'), 'lantern7{Enter}');
  await waitFor(() => expect(enter).toHaveBeenCalled());
  expect(choose).toHaveBeenCalledWith('ru');
});

test('a name from Telegram is sent as a username, without its @', async () => {
  const server = new AccountServer().on('POST /api/auth/login', TOKENS);
  entering();
  const { user } = await showAccount(<Door phase="outside" />);
  await user.type(screen.getByLabelText('E-mail or @username'), '@quiet_fox');
  await user.type(screen.getByLabelText('Password'), 'lantern7{Enter}');
  await waitFor(() => expect(server.sent('POST /api/auth/login')).toMatchObject([{ username: 'quiet_fox' }]));
});

test('password managers find what they look for', async () => {
  new AccountServer();
  const { user } = await showAccount(<Door phase="outside" />);
  const kind = (label: string) => screen.getByLabelText(label).getAttribute('autocomplete');
  expect([kind('E-mail or @username'), kind('Password')]).toEqual(['username', 'current-password']);
  await user.click(screen.getByRole('button', { name: 'Register' }));
  expect([kind('E-mail'), kind('Password'), kind('Password once more')]).toEqual([
    'username',
    'new-password',
    'new-password',
  ]);
});

test('a password can be looked at', async () => {
  new AccountServer();
  const { user } = await showAccount(<Door phase="outside" />);
  await user.click(screen.getByRole('button', { name: 'Show password' }));
  expect(screen.getByLabelText('Password').getAttribute('type')).toBe('text');
});

test('the second step offers what the answer offered, and another way when one fails', async () => {
  const server = new AccountServer()
    .on(
      'POST /api/auth/login',
      problem(403, 'mfa_required', { mfa_token: 'm', factors: ['totp', 'recovery', 'email'] }),
    )
    .on('POST /api/auth/mfa/challenge', {})
    .on('POST /api/auth/mfa/verify', problem(401, 'mfa_invalid'), TOKENS);
  const enter = entering();
  const { user } = await showAccount(<Door phase="outside" />);
  await user.type(screen.getByLabelText('E-mail or @username'), 'ann@example.org');
  await user.type(screen.getByLabelText('Password'), 'lantern7{Enter}');
  await screen.findByText('Enter the six digits from your authenticator app.');
  await user.type(screen.getByLabelText('Code'), '123 456{Enter}');
  expect((await screen.findByRole('alert')).textContent).toBe('Wrong code');
  expect(server.sent('POST /api/auth/mfa/challenge')).toEqual([]);

  await user.click(screen.getByRole('button', { name: 'Code by e-mail' }));
  await waitFor(() =>
    expect(server.sent('POST /api/auth/mfa/challenge')).toEqual([{ mfa_token: 'm', factor: 'email' }]),
  );
  await user.type(screen.getByLabelText('Code'), '654321');
  await user.click(screen.getByRole('switch', { name: 'Do not ask on this device for 30 days' }));
  await user.click(screen.getByRole('button', { name: 'Go on' }));
  await waitFor(() => expect(enter).toHaveBeenCalledWith(TOKENS));
  expect(server.sent('POST /api/auth/mfa/verify')).toEqual([
    { mfa_token: 'm', factor: 'totp', code: '123456', trustDevice: false },
    { mfa_token: 'm', factor: 'email', code: '654321', trustDevice: true },
  ]);
});

test('Telegram’s word may want a second factor too', async () => {
  new AccountServer();
  given({ phase: 'refused', refusal: { code: 'mfa_required', challenge: { token: 'm', factors: ['recovery'] } } });
  await showAccount(<Door phase="refused" />);
  expect(screen.getByText('Enter one of your recovery codes. It works once.')).toBeDefined();
});

test('a forgotten password gets the same answer for every address', async () => {
  const server = new AccountServer().on('POST /api/auth/password/forgot', () => Response.json({}, { status: 202 }));
  const { user } = await showAccount(<Door phase="outside" />);
  await user.click(screen.getByRole('button', { name: 'Forgot the password?' }));
  await user.type(screen.getByLabelText('E-mail'), 'ann@example.org{Enter}');
  expect(await screen.findByRole('heading', { name: 'Look into your mail' })).toBeDefined();
  expect(server.sent('POST /api/auth/password/forgot')).toEqual([{ email: 'ann@example.org' }]);
});

test('outside, an ended session leads to the sign-in, with the reason', async () => {
  new AccountServer();
  given({ phase: 'ended', refusal: { code: 'session_revoked' } });
  await showAccount(<Door phase="ended" />);
  expect(screen.getByText(/^This device was signed out/)).toBeDefined();
  expect(screen.getByLabelText('Password')).toBeDefined();
});

test('inside Telegram it is begun anew only when asked', async () => {
  new AccountServer();
  const comeIn = vi.fn();
  given({ phase: 'ended', refusal: { code: 'session_revoked' }, comeIn });
  const { user } = await showAccount(<Door phase="ended" />, { ...plainBrowser(), initData: 'signed' });
  expect(comeIn).not.toHaveBeenCalled();
  await user.click(screen.getByRole('button', { name: 'Come in again' }));
  expect(comeIn).toHaveBeenCalledTimes(1);
});

test('the link of a letter does nothing before it is pressed, and is spent then', async () => {
  history.replaceState({ token: 'secret' }, '', '/verify-email');
  const server = new AccountServer().on('POST /api/auth/email/verify', { success: true });
  const { user } = await showAccount(<MailLink kind="verify" />);
  expect(server.asked).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(await screen.findByRole('heading', { name: 'The address is confirmed' })).toBeDefined();
  expect(server.sent('POST /api/auth/email/verify')).toEqual([{ token: 'secret', ask: true }]);
  expect(history.state).toBeNull();
});

test('a link of an account that is not here asks for its password', async () => {
  history.replaceState({ token: 'secret' }, '', '/verify-email');
  const server = new AccountServer().on(
    'POST /api/auth/email/verify',
    problem(403, 'reauth_required', { reason: 'password' }),
    { success: true },
  );
  const { user } = await showAccount(<MailLink kind="verify" />);
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  await user.type(await screen.findByLabelText('Password of the account'), 'lantern8');
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(await screen.findByRole('heading', { name: 'The address is confirmed' })).toBeDefined();
  expect(server.sent('POST /api/auth/email/verify')[1]).toEqual({ token: 'secret', ask: true, password: 'lantern8' });
});

test('whoever does not know that account gets one of his own by the link', async () => {
  history.replaceState({ token: 'secret' }, '', '/verify-email');
  const server = new AccountServer().on(
    'POST /api/auth/email/verify',
    problem(403, 'reauth_required', { reason: 'password' }),
    { success: true },
  );
  const { user } = await showAccount(<MailLink kind="verify" />);
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  await user.click(await screen.findByRole('button', { name: 'The account is not mine' }));
  await user.type(screen.getByLabelText('New password'), 'lantern8');
  await user.type(screen.getByLabelText('New password once more'), 'lantern8');
  await user.click(screen.getByRole('button', { name: 'Confirm' }));
  expect(await screen.findByRole('heading', { name: 'The address is confirmed' })).toBeDefined();
  expect(server.sent('POST /api/auth/email/verify')[1]).toEqual({
    token: 'secret',
    ask: true,
    password: 'lantern8',
    confirmPassword: 'lantern8',
  });
});

test('a link that is old says what to do', async () => {
  history.replaceState({ token: 'old' }, '', '/reset-password');
  new AccountServer().on('POST /api/auth/password/reset', problem(400, 'reset_token_invalid'));
  const { user } = await showAccount(<MailLink kind="reset" />);
  await user.type(screen.getByLabelText('New password'), 'lantern8');
  await user.type(screen.getByLabelText('New password once more'), 'lantern8');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect((await screen.findByRole('alert')).textContent).toBe('This link does not work any more. Ask for a new one');
  expect(screen.getByLabelText<HTMLInputElement>('New password').value).toBe('lantern8');
});

test('half a link says so', async () => {
  new AccountServer();
  await showAccount(<MailLink kind="reset" />);
  expect(screen.getByRole('heading', { name: 'This link is not whole' })).toBeDefined();
});

test('a service that the server knows is left for, with what only this tab keeps', async () => {
  const server = new AccountServer()
    .on('GET /api/auth/oidc', { issuers: ['telegram', 'acme'] })
    .on('POST /api/auth/oidc/acme/start', { url: `${location.origin}/#there`, flow: 'f' });
  const { user } = await showAccount(<Door phase="outside" />);
  expect(await screen.findByRole('button', { name: 'Sign in with Telegram' })).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Sign in with Acme' }));
  await waitFor(() => expect(sessionStorage.getItem('maska.oidc')).toBe('f'));
  expect(server.sent('POST /api/auth/oidc/acme/start')).toHaveLength(1);
});

test('what a service sent back is finished once', async () => {
  sessionStorage.setItem('maska.oidc', 'f');
  history.replaceState({ issued: 'code=c&state=s' }, '', '/signin/oidc/acme');
  const server = new AccountServer().on('POST /api/auth/oidc/acme/callback', TOKENS);
  const enter = entering();
  await showAccount(<Issued issuer="acme" />);
  await waitFor(() => expect(enter).toHaveBeenCalledWith(TOKENS));
  expect(server.sent('POST /api/auth/oidc/acme/callback')).toEqual([
    { flow: 'f', state: 's', code: 'c', deviceInfo: 'Browser' },
  ]);
  expect([sessionStorage.getItem('maska.oidc'), location.pathname]).toEqual([null, '/']);
});

test('a return that this tab did not ask for leads nowhere', async () => {
  sessionStorage.clear();
  history.replaceState({ issued: 'code=c&state=s' }, '', '/signin/oidc/acme');
  const server = new AccountServer();
  await showAccount(<Issued issuer="acme" />);
  expect((await screen.findByRole('alert')).textContent).toMatch(/^The other service did not confirm/);
  expect(server.asked).toEqual([]);
});
