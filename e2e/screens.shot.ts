import type { Device } from './support/device.ts';
import { type Language, person } from './support/person.ts';
import { converse } from './support/scene.ts';
import { shoot } from './support/shoot.ts';
import { DARK, LIGHT } from './support/telegram.ts';
import { accountTexts } from './support/words.ts';
import { test as base, expect } from './support/world.ts';

const SIZES = {
  360: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  1280: { viewport: { width: 1280, height: 800 } },
};

const test = base.extend({ settings: { TELEGRAM_BOT_USERNAME: 'maska_test_bot' } });

for (const language of ['ru', 'en', 'zh'] as const satisfies readonly Language[]) {
  for (const [shade, theme] of [
    ['light', LIGHT],
    ['dark', DARK],
  ] as const) {
    for (const [width, screen] of Object.entries(SIZES)) {
      const locale = { en: 'en-GB', ru: 'ru-RU', zh: 'zh-CN' }[language];
      const options = { theme, screen: { ...screen, locale, colorScheme: shade } };

      test(`pictures of the room (${language}, ${shade}, ${width})`, async ({ world }) => {
        world.tolerate(/net::ERR_|WebSocket connection/);
        const picture = (device: Device, name: string) => shoot(device, `${name}-${language}-${shade}-${width}`);
        const ann = await world.device(person(1, language), options);
        const { t, app } = ann;

        await converse(world, ann);
        await picture(ann, 'room');
        await ann.face.click();
        await app.getByRole('dialog', { name: t('mask.title') }).waitFor();
        await picture(ann, 'mask');
        await app.getByRole('button', { name: t('mask.new') }).click();
        await app.getByRole('dialog', { name: t('mask.confirm') }).waitFor();
        await picture(ann, 'new-mask');
        await ann.page.keyboard.press('Escape');
        await app.getByRole('dialog', { name: t('mask.confirm') }).waitFor({ state: 'hidden' });
        await ann.page.keyboard.press('Escape');
        await app.getByRole('dialog').waitFor({ state: 'hidden' });

        await ann.log.getByRole('article').nth(-2).click({ button: 'right' });
        await app.getByRole('dialog', { name: t('menu.title') }).waitFor();
        await picture(ann, 'menu');
        await ann.page.keyboard.press('Escape');
        await app.getByRole('dialog').waitFor({ state: 'hidden' });

        await ann.composer.fill('abc '.repeat(970));
        await picture(ann, 'counter');
        await ann.composer.fill('');
        ann.wire.cut();
        await ann.bar.waitFor();
        await ann.say(t('mask.sample'));
        await picture(ann, 'offline');

        const newcomer = await world.device(person(2, language), options);
        await newcomer.launch();
        await newcomer.log.getByText('🌅').waitFor();
        await picture(newcomer, 'first-visit');
        await newcomer.app
          .getByRole('button', { name: t('first.how') })
          .first()
          .click();
        await newcomer.app.getByRole('dialog', { name: t('how.title') }).waitFor();
        await picture(newcomer, 'how');
      });

      test(`pictures before the room (${language}, ${shade}, ${width})`, async ({ world }) => {
        world.tolerate(/status of 401|net::ERR_/);
        const picture = (device: Device, name: string) => shoot(device, `${name}-${language}-${shade}-${width}`);
        const ann = await world.device(person(1, language), options);
        await ann.launch(ann.person.initData(48 * 3600));
        await ann.app.getByRole('heading', { name: ann.t('open.again') }).waitFor();
        await picture(ann, 'stale');

        const bob = await world.device(person(2, language), options);
        await bob.page.goto(bob.wire.origin);
        await bob.app.getByRole('heading', { name: accountTexts[language]('in.title') }).waitFor();
        await picture(bob, 'outside');

        const slow = await world.device(person(3, language), options);
        await slow.page.route('**/assets/**', () => {}); // never answered
        await slow.page.addInitScript(() => {});
        const launched = slow.launch().catch(() => {});
        await expect.poll(() => slow.page.locator('[aria-busy]').count()).toBeGreaterThan(0);
        await picture(slow, 'loading');
        await slow.page.goto('about:blank');
        await launched;
      });
    }
  }
}

base.extend({ settings: { TELEGRAM_BOT_TOKEN: '', PUBLIC_URL: '' } })(
  'pictures of the developer’s page',
  async ({ world }) => {
    for (const [width, screen] of Object.entries(SIZES)) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const device = await world.device(person(1), { screen: { ...screen, colorScheme } });
        await device.page.goto(`${device.wire.origin}/dev`);
        await device.page.getByRole('button', { name: 'Person 3' }).waitFor();
        await shoot(device, `dev-${colorScheme}-${width}`);
      }
    }
  },
);
