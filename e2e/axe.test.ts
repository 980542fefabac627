import { AxeBuilder } from '@axe-core/playwright';
import { type Device, PHONE } from './support/device.ts';
import { type Language, person } from './support/person.ts';
import { DARK, LIGHT } from './support/telegram.ts';
import { accountTexts } from './support/words.ts';
import { expect, test } from './support/world.ts';

const withBot = test.extend({ settings: { TELEGRAM_BOT_USERNAME: 'maska_test_bot' } });

async function examine(device: Device, screen: string): Promise<void> {
  // Colours that are still on their way have no contrast yet.
  await device.page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  const { violations } = await new AxeBuilder({ page: device.page }).setLegacyMode().analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  expect.soft(found, screen).toEqual([]);
}

for (const language of ['en', 'ru', 'zh'] as const satisfies readonly Language[]) {
  for (const [name, theme] of [
    ['light', LIGHT],
    ['dark', DARK],
  ] as const) {
    test(`axe finds nothing on the screens of the room (${language}, ${name})`, async ({ world }) => {
      const ann = await world.device(person(1, language), { theme, screen: { ...PHONE, reducedMotion: 'reduce' } });
      const { t, app } = ann;
      const bob = await world.member(person(2, 'ru'));
      await bob.say('Кто-нибудь слышал, как поёт маяк?');
      await bob.say('https://example.org/lighthouse');

      await ann.launch();
      await app.getByRole('button', { name: t('first.enter') }).waitFor();
      await ann.log.getByRole('link').waitFor();
      await examine(ann, 'the first visit');

      await app.getByRole('button', { name: t('first.how') }).click();
      await app.getByRole('dialog', { name: t('how.title') }).waitFor();
      await examine(ann, 'how to check');
      await app
        .getByRole('dialog')
        .getByRole('button', { name: t('close') })
        .click();
      await app.getByRole('dialog').waitFor({ state: 'hidden' });

      await app.getByRole('button', { name: t('first.enter') }).click();
      await ann.online();
      await ann.say('Каждую ночь');
      await ann.allSent();
      await examine(ann, 'the room');

      await ann.face.tap();
      await app.getByRole('dialog', { name: t('mask.title') }).waitFor();
      await examine(ann, 'the own mask');
      await app.getByRole('button', { name: t('mask.new') }).click();
      await app.getByRole('dialog', { name: t('mask.confirm') }).waitFor();
      await examine(ann, 'a new mask?');
      await app.getByRole('button', { name: t('mask.keep') }).click();
      await app.getByRole('dialog', { name: t('mask.confirm') }).waitFor({ state: 'hidden' });
      await app
        .getByRole('dialog', { name: t('mask.title') })
        .getByRole('button', { name: t('close') })
        .click();
      await app.getByRole('dialog').waitFor({ state: 'hidden' });

      await ann.log.getByRole('article').last().click({ button: 'right' });
      await app.getByRole('dialog', { name: t('menu.title') }).waitFor();
      await examine(ann, 'the menu of a message');
      await ann.page.keyboard.press('Escape');
      await app.getByRole('dialog').waitFor({ state: 'hidden' });

      ann.wire.cut();
      world.tolerate(/net::ERR_|WebSocket connection/);
      await ann.bar.waitFor();
      await examine(ann, 'reconnecting');
    });

    withBot(`axe finds nothing on the pages before the room (${language}, ${name})`, async ({ world }) => {
      world.tolerate(/status of 401/);
      const ann = await world.device(person(1, language), { theme, screen: PHONE });
      const { t, app } = ann;
      await ann.launch(ann.person.initData(48 * 3600));
      await app.getByRole('heading', { name: t('open.again') }).waitFor();
      await examine(ann, 'stale');

      const locale = { en: 'en-GB', ru: 'ru-RU', zh: 'zh-CN' }[language];
      const bob = await world.device(person(2, language), { screen: { ...PHONE, locale, colorScheme: name } });
      await bob.page.goto(bob.wire.origin);
      await bob.app.getByRole('heading', { name: accountTexts[language]('in.title') }).waitFor();
      await examine(bob, 'outside');
    });
  }
}

for (const [language, name, theme] of [
  ['ru', 'light', LIGHT],
  ['zh', 'dark', DARK],
] as const) {
  withBot(`axe finds nothing on the screens of the account (${language}, ${name})`, async ({ world }) => {
    const ann = await world.device(person(1, language), { theme, screen: PHONE });
    const { t, app } = ann;
    const a = accountTexts[language];
    const place = async (path: string, sign: string) => {
      await ann.page.evaluate((path) => {
        history.pushState({ opened: true }, '', path);
        dispatchEvent(new PopStateEvent('popstate'));
      }, path);
      await app.getByText(sign, { exact: true }).last().waitFor();
      await examine(ann, path);
    };
    await ann.enter();
    await app.getByRole('button', { name: t('settings'), exact: true }).click();
    await app.getByText(a('settings.notLinked')).waitFor();
    await examine(ann, 'settings');
    await place('/settings/account', a('devices.this'));
    await place('/settings/stored', a('stored.days', { n: 7 }));
    await place('/settings/journal', a('event.user_created'));
    await place('/settings/erase', a('erase.head'));
    await place('/settings/password', a('password.rule'));
    await place('/settings/factor', a('factor.appOn'));
    await app.getByRole('button', { name: a('factor.set'), exact: true }).click();
    await app.locator('code').waitFor();
    await examine(ann, 'enrolment');

    const locale = { ru: 'ru-RU', zh: 'zh-CN' }[language];
    const bob = await world.device(person(2, language), { screen: { ...PHONE, locale, colorScheme: name } });
    for (const [path, heading] of [
      ['/register', a('register.title')],
      ['/forgot', a('forgot.title')],
      ['/reset-password#token=x', a('reset.title')],
    ] as const) {
      await bob.page.goto(bob.wire.origin + path);
      await bob.app.getByRole('heading', { name: heading }).waitFor();
      await examine(bob, path);
    }
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.extend({ settings: { TELEGRAM_BOT_TOKEN: '', PUBLIC_URL: '' } })(
    `axe finds nothing on the developer’s page (${colorScheme})`,
    async ({ world }) => {
      const developer = await world.device(person(1), { screen: { colorScheme } });
      await developer.page.goto(`${developer.wire.origin}/dev`);
      await developer.page.getByRole('button', { name: 'Person 3' }).waitFor();
      await examine(developer, 'the developer’s page');
    },
  );
}
