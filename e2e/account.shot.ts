import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { Device } from './support/device.ts';
import { Mailbox } from './support/mailbox.ts';
import { type Language, person } from './support/person.ts';
import type { Settings } from './support/server.ts';
import { shoot } from './support/shoot.ts';
import { DARK, LIGHT } from './support/telegram.ts';
import { totp } from './support/totp.ts';
import { accountTexts } from './support/words.ts';
import { test as base } from './support/world.ts';

const PHONE = { deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const SIZES: Readonly<Record<string, BrowserContextOptions>> = {
  360: { viewport: { width: 360, height: 740 }, ...PHONE },
  390: { viewport: { width: 390, height: 844 }, ...PHONE },
  1280: { viewport: { width: 1280, height: 800 } },
};

let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await Mailbox.open();
});
afterAll(() => mailbox.close());

const test = base.extend<{ settings: Settings }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
  settings: async ({}, use) => use({ TELEGRAM_BOT_USERNAME: 'maska_test_bot', ...mailbox.settings }),
});

for (const language of ['ru', 'en', 'zh'] as const satisfies readonly Language[]) {
  for (const [shade, theme] of [
    ['light', LIGHT],
    ['dark', DARK],
  ] as const) {
    for (const [width, screen] of Object.entries(SIZES)) {
      const locale = { en: 'en-GB', ru: 'ru-RU', zh: 'zh-CN' }[language];
      const options = { theme, screen: { ...screen, locale, colorScheme: shade } };
      const a = accountTexts[language];

      test(`pictures of the account (${language}, ${shade}, ${width})`, async ({ world }) => {
        world.tolerate(/status of 40/, /contains/);
        const picture = (device: Device, name: string) => shoot(device, `${name}-${language}-${shade}-${width}`);
        const email = `lantern.${language}.${shade}.${width}@example.org`;
        const ann = await world.device(person(1, language), options);
        const { app, t } = ann;
        const press = (name: string) => app.getByRole('button', { name, exact: true }).click();
        const fill = (label: string, text: string) => app.getByLabel(label, { exact: true }).fill(text);
        const up = () => ann.telegram.push('back_button_pressed');
        const heading = (name: string) => app.getByRole('heading', { name, level: 1 }).waitFor();

        await ann.enter();
        await press(t('settings'));
        await app.getByText(a('settings.notLinked')).waitFor();
        await picture(ann, 'settings');
        await app.getByRole('button', { name: a('stored.title') }).click();
        await app.getByText(a('stored.days', { n: 7 })).waitFor();
        await picture(ann, 'stored');
        await press(a('stored.download'));
        await app.getByRole('dialog', { name: a('stored.ready') }).waitFor();
        await picture(ann, 'download');
        await ann.page.keyboard.press('Escape');
        await app.getByRole('dialog', { name: a('stored.ready') }).waitFor({ state: 'hidden' });
        await up();
        await app.getByRole('button', { name: a('erase.title') }).click();
        await heading(a('erase.title'));
        await picture(ann, 'erase');
        await up();
        await app.getByRole('button', { name: a('account.link') }).click();
        await app.getByText(a('devices.this')).waitFor();
        await picture(ann, 'account');
        await press(a('email.title'));
        await fill(a('field.email'), email);
        await fill(a('field.password'), 'lantern');
        await fill(a('field.confirm'), 'lantern');
        await press(a('account.add'));
        await app.locator('[aria-invalid="true"]').waitFor();
        await picture(ann, 'link-email');
        await fill(a('field.password'), 'P@ssw0rd');
        await fill(a('field.confirm'), 'P@ssw0rd');
        await press(a('account.add'));
        await app.getByText(a('email.done')).waitFor();
        await picture(ann, 'linked');
        await press(a('done'));
        await app.getByText(a('account.emailOpen')).waitFor();
        await app.getByText(a('devices.this')).waitFor();
        await picture(ann, 'account-mail');
        await app.getByRole('button', { name: a('account.password') }).click();
        await fill(a('password.current'), 'wrong1');
        await fill(a('password.new'), 'lantern 7');
        await fill(a('password.again'), 'lantern 7');
        await press(a('password.save'));
        await app.getByText(a('password.wrong')).waitFor();
        await picture(ann, 'password');
        await up();
        await app.getByRole('button', { name: a('account.factor') }).click();
        await app.getByText(a('factor.appOn')).waitFor();
        await picture(ann, 'factor');
        await press(a('factor.set'));
        const secret = (await app.locator('code').textContent()) ?? '';
        await picture(ann, 'qr');
        await fill(a('field.code'), totp(secret, 1));
        await press(a('factor.activate'));
        await app.getByText(a('factor.codesText')).waitFor();
        await picture(ann, 'codes');
        await press(a('factor.kept'));
        await app.getByText(a('factor.forAll')).waitFor();
        await picture(ann, 'factor-on');
        await up();
        await up();
        await app.getByRole('button', { name: a('journal.title') }).click();
        await app.getByText(a('event.mfa_enrolled')).waitFor();
        await picture(ann, 'journal');

        const bob = await world.device(ann.person, options);
        const { app: door } = bob;
        const go = (name: string) => door.getByRole('button', { name, exact: true }).click();
        await bob.page.goto(bob.wire.origin);
        await door.getByRole('heading', { name: a('in.title') }).waitFor();
        await picture(bob, 'outside');
        await go(a('in.register'));
        await door.getByRole('heading', { name: a('register.title') }).waitFor();
        await picture(bob, 'register');
        await go(a('register.have'));
        await go(a('in.forgot'));
        await door.getByRole('heading', { name: a('forgot.title') }).waitFor();
        await picture(bob, 'forgot');
        await bob.page.goBack();
        await door.getByLabel(a('field.login'), { exact: true }).fill(email);
        await door.getByLabel(a('field.password'), { exact: true }).fill('not it 1');
        await go(a('in.go'));
        await door.getByText(a('code.credentials_invalid')).waitFor();
        await picture(bob, 'outside-wrong');
        await door.getByLabel(a('field.password'), { exact: true }).fill('P@ssw0rd');
        await go(a('in.go'));
        await door.getByText(a('step.totp')).waitFor();
        await picture(bob, 'step');
        await door.getByLabel(a('field.code'), { exact: true }).fill(totp(secret));
        await go(a('step.go'));
        await door.getByRole('button', { name: bob.t('first.enter') }).click();
        await bob.online();
        await up();
        await app.getByRole('button', { name: a('account.link') }).click();
        await app.getByRole('button', { name: new RegExp(`^${a('devices.out')}: `) }).waitFor();
        await app.getByText(a('devices.this')).scrollIntoViewIfNeeded();
        await picture(ann, 'devices');
        await app.getByRole('button', { name: new RegExp(`^${a('devices.out')}: `) }).click();
        await door.getByText(a('ended.revoked')).waitFor();
        await picture(bob, 'ended');
        await bob.page.goto(bob.wire.origin + (await mailbox.link(email, '/verify-email')));
        await door.getByRole('heading', { name: a('verify.title') }).waitFor();
        await picture(bob, 'verify');
        await bob.page.goto(`${bob.wire.origin}/reset-password#token=x`);
        await door.getByRole('heading', { name: a('reset.title') }).waitFor();
        await picture(bob, 'reset');
      });
    }
  }
}
