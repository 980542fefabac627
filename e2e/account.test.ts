import { afterAll, beforeAll } from 'vitest';
import type { Device } from './support/device.ts';
import { Mailbox } from './support/mailbox.ts';
import { person } from './support/person.ts';
import type { Settings } from './support/server.ts';
import { totp } from './support/totp.ts';
import { a, accountTexts, t } from './support/words.ts';
import { test as base, expect } from './support/world.ts';

let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await Mailbox.open();
});
afterAll(() => mailbox.close());

const test = base.extend<{ settings: Settings }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
  settings: async ({}, use) => use(mailbox.settings),
});

/** Goes on from the pages of the door: past the first visit's card, into the room. */
async function inTheRoom(device: Device): Promise<void> {
  await device.app.getByRole('button', { name: t('first.enter') }).click();
  await device.online();
}

const press = (device: Device, name: string) => device.app.getByRole('button', { name, exact: true }).click();
const fill = (device: Device, label: string, text: string) => device.app.getByLabel(label, { exact: true }).fill(text);

async function signIn(device: Device, email: string, password: string): Promise<void> {
  await fill(device, a('field.login'), email);
  await fill(device, a('field.password'), password);
  await press(device, a('in.go'));
}

test('whoever registers by e-mail talks like everybody, and a lost password is replaced by a letter', async ({
  world,
}) => {
  world.tolerate(/status of 40[13]/);
  const [email, password, next] = ['quiet.fox@example.org', 'lantern and fog 1', 'a heron over ice 2'];
  const ann = await world.device(person(1));
  ann.said.push(email, password, next);
  await ann.page.goto(ann.wire.origin);
  await press(ann, a('in.register'));
  await fill(ann, a('field.email'), email);
  await fill(ann, a('field.password'), password);
  await fill(ann, a('field.confirm'), password);
  await press(ann, a('register.go'));
  await inTheRoom(ann);
  await ann.say('Nobody sees an address here');
  await ann.allSent();
  const nickname = await ann.nickname();

  await ann.page.goto(ann.wire.origin + (await mailbox.link(email, '/verify-email')));
  expect(ann.page.url()).toBe(`${ann.wire.origin}/verify-email`);
  await press(ann, a('verify.go'));
  // The link proves whose the address is, and not whose the account.
  await fill(ann, a('verify.own'), password);
  await press(ann, a('verify.go'));
  await ann.app.getByRole('heading', { name: a('verify.done') }).waitFor();
  await press(ann, a('link.open'));
  await ann.online();
  expect(await ann.nickname()).toBe(nickname);

  const other = await world.device(ann.person);
  await other.page.goto(other.wire.origin);
  await signIn(other, email, 'not her password 1');
  await other.app.getByText(a('code.credentials_invalid')).waitFor();
  await press(other, a('in.forgot'));
  await press(other, a('forgot.go'));
  await other.app.getByRole('heading', { name: a('forgot.sent') }).waitFor();
  await other.page.goto(other.wire.origin + (await mailbox.link(email, '/reset-password')));
  await fill(other, a('password.new'), next);
  await fill(other, a('password.again'), next);
  await press(other, a('password.save'));
  await other.app.getByRole('heading', { name: a('reset.done') }).waitFor();
  // A new password ends every session: the first device says why it is at the door.
  await ann.app.getByText(a('ended.revoked')).waitFor();

  await press(other, a('in.go'));
  await signIn(other, email, next);
  await inTheRoom(other);
  expect(await other.nickname()).toBe(nickname);
});

test('an address that is linked inside Telegram leads to the same mask elsewhere, behind a second factor', async ({
  world,
}) => {
  world.tolerate(/status of 40[13]/);
  const [email, password] = ['velvet.crow@example.org', 'moss on the stairs 3'];
  const ann = await world.device(person(1));
  ann.said.push(email, password);
  await ann.enter();
  const nickname = await ann.nickname();

  await press(ann, t('settings'));
  await ann.app.getByRole('button', { name: a('account.link') }).click();
  await press(ann, a('email.title'));
  await fill(ann, a('field.email'), email);
  await fill(ann, a('field.password'), password);
  await fill(ann, a('field.confirm'), password);
  await press(ann, a('account.add'));
  await press(ann, a('done'));
  await ann.app.getByText(email).waitFor();

  await ann.app.getByRole('button', { name: a('account.factor') }).click();
  await press(ann, a('factor.set'));
  const secret = (await ann.app.locator('code').textContent()) ?? '';
  ann.said.push(secret.replaceAll(' ', ''));
  await fill(ann, a('field.code'), totp(secret, 1));
  await press(ann, a('factor.activate'));
  await ann.app.getByText(a('factor.codesText')).waitFor();
  expect(await ann.app.getByRole('listitem').count()).toBe(10);
  await press(ann, a('factor.kept'));

  const other = await world.device(ann.person);
  await other.page.goto(other.wire.origin);
  await signIn(other, email, password);
  await other.app.getByText(a('step.totp')).waitFor();
  await fill(other, a('field.code'), totp(secret));
  await press(other, a('step.go'));
  await inTheRoom(other);
  expect(await other.nickname()).toBe(nickname);
  await other.composer.fill('half a thought');

  // Telegram's Back goes up step by step; the list of devices is read anew.
  await ann.telegram.push('back_button_pressed');
  await ann.app.getByRole('button', { name: new RegExp(`^${a('devices.out')}: `) }).click();
  await other.app.getByText(a('ended.revoked')).waitFor();
  await signIn(other, email, password);
  await other.app.getByText(a('step.totp')).waitFor();
});

test('a language that is chosen stays, and whoever erases herself is gone', async ({ world }) => {
  world.tolerate(/status of 403/); // the first try, before Telegram vouches once more
  const ann = await world.device(person(1));
  await ann.enter();
  const nickname = await ann.nickname();
  await press(ann, t('settings'));
  await ann.app.getByRole('button', { name: a('language.title') }).click();
  await ann.app.getByRole('radio', { name: 'Русский' }).click();
  const russian = accountTexts.ru;
  await ann.app.getByRole('heading', { name: russian('account.title') }).waitFor();
  await ann.reload();
  await ann.app.getByRole('heading', { name: russian('account.title') }).waitFor();

  await ann.telegram.push('back_button_pressed');
  await ann.app.getByRole('button', { name: russian('erase.title') }).click();
  await press(ann, russian('erase.go'));
  await ann.app
    .getByRole('dialog', { name: russian('erase.sure') })
    .getByRole('button')
    .nth(1)
    .click();
  await ann.app.getByRole('heading', { name: russian('erase.done') }).waitFor();
  await press(ann, russian('erase.again'));
  await press(ann, 'Мне есть 18, войти');
  await ann.face
    .or(ann.app.getByRole('textbox', { name: 'Сообщение' }))
    .first()
    .waitFor();
  expect(await ann.app.getByText(nickname).count()).toBe(0);
});
