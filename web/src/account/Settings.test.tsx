import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chat } from '../chat/store';
import { AccountServer, ANN, MAIL_ANN, problem } from '../test/account';
import { given } from '../test/chat';
import { plainBrowser, showAccount } from '../test/render';
import Settings from './Settings';

const bearer = { token: async () => 'token', renew: async () => 'token' };

beforeEach(() => {
  localStorage.clear();
  given({ bearer });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(path: string, initData = '') {
  const ways = { open: vi.fn(), up: vi.fn() };
  const telegram = { ...plainBrowser(), initData };
  return showAccount(<Settings path={path} ways={ways} />, telegram).then((shown) => ({ ...shown, ways }));
}

const device = (id: string, more: object = {}) => ({
  id,
  current: false,
  deviceInfo: id,
  client: '',
  os: '',
  ip: '10.0.0.0',
  country: null,
  methods: ['tg'],
  createdAt: '2026-11-20T12:00:00Z',
  lastSeenAt: '2026-11-20T12:00:00Z',
  idleExpiresAt: '2026-12-20T12:00:00Z',
  expiresAt: '2027-02-20T12:00:00Z',
  ...more,
});

test('an account known by its tag says so, and offers an address', async () => {
  new AccountServer();
  const { user, ways } = await open('/settings/account');
  expect(await screen.findByText('Only a code is kept, unreadable without the key')).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Link an e-mail address' }));
  expect(ways.open).toHaveBeenCalledWith('/settings/email');
});

test('an address that was never confirmed can be sent another letter', async () => {
  const server = new AccountServer({ ...MAIL_ANN, emailVerified: false });
  server.on('POST /api/auth/email/verify/send', () => new Response(null, { status: 202 }));
  const { user } = await open('/settings/account');
  await user.click(await screen.findByRole('button', { name: 'Send again' }));
  expect(await screen.findByText('A letter is on its way to ann@example.org')).toBeDefined();
});

test('another device is signed out by its button, this one has none', async () => {
  const server = new AccountServer();
  server.on('GET /api/auth/sessions', { sessions: [device('Desktop'), device('iPhone', { current: true })] });
  server.on('DELETE /api/auth/sessions/Desktop', () => new Response(null, { status: 204 }));
  const { user } = await open('/settings/account');
  await screen.findByText('This device');
  expect(screen.queryByRole('button', { name: 'Sign out: iPhone' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Sign out: Desktop' }));
  await waitFor(() => expect(screen.queryByText('Desktop')).toBeNull());
});

test('what was typed outlives a refusal, and the refusal stands beside its field', async () => {
  const server = new AccountServer();
  server.on('POST /api/user/bind-email', problem(409, 'email_taken'));
  const { user } = await open('/settings/email');
  await user.type(screen.getByLabelText('E-mail'), 'ann@example.org');
  await user.type(screen.getByLabelText('Password'), 'lantern7');
  await user.type(screen.getByLabelText('Password once more'), 'lantern7');
  await user.click(screen.getByRole('button', { name: 'Add' }));
  const field = await screen.findByLabelText<HTMLInputElement>('E-mail');
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
  expect(field.value).toBe('ann@example.org');
  expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('lantern7');
  expect(screen.getByRole('alert').textContent).toMatch(/^This address belongs to another account/);
});

test('two passwords that differ are not sent', async () => {
  const server = new AccountServer();
  const { user } = await open('/settings/email');
  await user.type(screen.getByLabelText('Password'), 'lantern7');
  await user.type(screen.getByLabelText('Password once more'), 'lantern8');
  await user.click(screen.getByRole('button', { name: 'Add' }));
  expect(screen.getByRole('alert').textContent).toBe('The two passwords differ');
  expect(server.sent('POST /api/user/bind-email')).toEqual([]);
});

test('a password of the lists is taken, with a warning', async () => {
  const server = new AccountServer();
  server.on('POST /api/user/bind-email', { success: true, user: MAIL_ANN, warnings: ['password_common'] });
  const { user } = await open('/settings/email');
  await user.type(screen.getByLabelText('E-mail'), 'ann@example.org');
  await user.type(screen.getByLabelText('Password'), 'P@ssw0rd');
  await user.type(screen.getByLabelText('Password once more'), 'P@ssw0rd');
  await user.click(screen.getByRole('button', { name: 'Add' }));
  expect(await screen.findByText(/on the lists that burglars try first/)).toBeDefined();
});

test('inside Telegram a fresh proof is given silently, and the act is done once more', async () => {
  const server = new AccountServer({ ...MAIL_ANN, telegramId: 7 });
  server.on('POST /api/user/unbind-email', problem(403, 'reauth_required'), { success: true, user: ANN });
  server.on('POST /api/auth/reauth', { success: true, fresh_until: '2026-11-20T12:10:00Z' });
  const { user } = await open('/settings/account', 'signed');
  await user.click(await screen.findByRole('button', { name: 'Unlink the e-mail address?' }));
  const question = await screen.findByRole('dialog', { name: 'Unlink the e-mail address?' });
  await user.click(within(question).getByRole('button', { name: 'Unlink' }));
  await screen.findByText('Finds your mask again when you change your phone');
  expect(server.sent('POST /api/auth/reauth')).toEqual([{ initData: 'signed' }]);
});

test('outside, the password is asked for, and a wrong one leaves everything as it was', async () => {
  const server = new AccountServer(MAIL_ANN);
  server.on('GET /api/user/export', problem(403, 'reauth_required'), { account: { id: 5 } });
  server.on('POST /api/auth/reauth', problem(401, 'credentials_invalid'), { success: true, fresh_until: '' });
  const { user } = await open('/settings/stored');
  await screen.findByText('E-mail address, sealed');
  await user.click(screen.getByRole('button', { name: 'Download everything' }));
  const asked = await screen.findByRole('dialog', { name: 'Is it you?' });
  await user.type(within(asked).getByLabelText('Password'), 'wrong1');
  await user.click(within(asked).getByRole('button', { name: 'Go on' }));
  expect((await within(asked).findByRole('alert')).textContent).toBe('This is not your password');
  await user.clear(within(asked).getByLabelText('Password'));
  await user.type(within(asked).getByLabelText('Password'), 'lantern7');
  await user.click(within(asked).getByRole('button', { name: 'Go on' }));
  expect(await screen.findByText('1 kilobyte as JSON')).toBeDefined();
});

test('a wait is counted down, and nothing is sent meanwhile', async () => {
  const server = new AccountServer(MAIL_ANN);
  server.on('POST /api/auth/password/change', problem(429, 'account_locked', { retryAfter: 90 }));
  const { user } = await open('/settings/password');
  await user.type(screen.getByLabelText('Current password'), 'x');
  await user.type(screen.getByLabelText('New password'), 'lantern8');
  await user.type(screen.getByLabelText('New password once more'), 'lantern8');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect((await screen.findByRole('alert')).textContent).toBe('Too many attempts. Again in 1:30');
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true);
});

test('what is stored has the server’s own figures', async () => {
  new AccountServer();
  await open('/settings/stored');
  expect(await screen.findByText('30 days idle')).toBeDefined();
  expect(screen.getByText('7 days')).toBeDefined();
  expect(screen.getByText(/Gone 14 days after you change the mask/)).toBeDefined();
});

test('a language is used at once, remembered here and on the account', async () => {
  const server = new AccountServer();
  server.on('PATCH /api/user/profile', { ...ANN, language: 'ru' });
  const { user } = await open('/settings/account');
  await user.click(await screen.findByRole('radio', { name: 'Русский' }));
  await waitFor(() => expect(server.sent('PATCH /api/user/profile')).toEqual([{ language: 'ru' }]));
});

test('the account’s past is told in sentences, page by page', async () => {
  const server = new AccountServer();
  const at = '2026-11-20T12:00:00Z';
  server.on(
    'GET /api/auth/audit',
    {
      events: [{ id: 2, event: 'login_success', at, outcome: 'ok', byOther: false, country: 'FR', device: '' }],
      next: 'c',
    },
    { events: [{ id: 1, event: 'something_new', at, outcome: 'ok', byOther: true, country: null, device: '' }] },
  );
  const { user } = await open('/settings/journal');
  expect(await screen.findByText('Signed in')).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Show earlier' }));
  expect(await screen.findByText('Something happened to the account')).toBeDefined();
  expect(screen.queryByRole('button', { name: 'Show earlier' })).toBeNull();
});

test('erasing asks once more, tells nothing else to the server, and leaves the page to the end', async () => {
  const server = new AccountServer();
  server.on('DELETE /api/user', () => new Response(null, { status: 204 }));
  const erased = vi.fn(async () => {});
  chat.setState({ erased });
  const { user } = await open('/settings/erase');
  await user.click(screen.getByRole('button', { name: 'Erase me' }));
  const question = await screen.findByRole('dialog', { name: 'Erase everything now?' });
  expect(server.sent('DELETE /api/user')).toEqual([]);
  await user.click(within(question).getByRole('button', { name: 'Erase me' }));
  await waitFor(() => expect(erased).toHaveBeenCalledTimes(1));
});
