import type { Page } from 'playwright-core';
import { person } from './support/person.ts';
import { a, t } from './support/words.ts';
import { expect, test } from './support/world.ts';

test.extend({ settings: { TELEGRAM_BOT_USERNAME: 'maska_test_bot' } })(
  'outside of Telegram a page leads to the bot, and to Telegram’s login',
  async ({ world }) => {
    const ann = await world.device(person(1));
    await ann.page.goto(ann.wire.origin);
    await ann.app.getByRole('heading', { name: a('in.title') }).waitFor();
    await ann.app.getByRole('button', { name: t('open.tg') }).waitFor();
    const leads = async (name: string) =>
      new URL((await ann.app.getByRole('link', { name }).getAttribute('href')) ?? '');
    expect((await leads('t.me/maska_test_bot')).href).toBe('https://t.me/maska_test_bot');
    const login = await leads(a('in.telegram'));
    expect([login.origin, login.searchParams.get('bot_id'), login.searchParams.get('origin')]).toEqual([
      'https://oauth.telegram.org',
      '700000001',
      ann.wire.origin,
    ]);
  },
);

test('outside of Telegram, without a known bot, the page tells how to find it', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.page.goto(ann.wire.origin);
  await ann.app.getByRole('heading', { name: a('in.title') }).waitFor();
  await ann.app.getByText(t('open.find')).waitFor();
});

test('launch data of two days ago gets a page that says so, and closes on wish', async ({ world }) => {
  const ann = await world.device(person(1));
  world.tolerate(/status of 401/);
  await ann.launch(ann.person.initData(48 * 3600));
  await ann.app.getByRole('heading', { name: t('open.again') }).waitFor();
  await ann.app.getByRole('button', { name: t('close') }).click();
  await expect.poll(() => ann.telegram.last('web_app_close')).toBeDefined();
});

test('launch data that another bot signed gets a page that says so', async ({ world }) => {
  const ann = await world.device(person(1));
  world.tolerate(/status of 401/);
  await ann.launch(ann.person.initData(0, '700000002:some-other-bot'));
  await ann.app.getByRole('heading', { name: t('refused.title') }).waitFor();
  await ann.app.getByText(t('refused.invalid')).waitFor();
});

test('whoever was here yesterday comes in with stale launch data too', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const nickname = await ann.nickname();
  await ann.launch(ann.person.initData(48 * 3600));
  await ann.online();
  expect(await ann.nickname()).toBe(nickname);
});

test('the launch data leaves the address at once', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  expect(ann.page.url()).toBe(`${ann.wire.origin}/`);
});

test.extend({ settings: { TELEGRAM_BOT_TOKEN: '', PUBLIC_URL: '' } })(
  'the developer’s page opens two people in two tabs, who talk',
  async ({ world }) => {
    const developer = await world.device(person(1));
    await developer.page.goto(`${developer.wire.origin}/dev`);
    const open = async (n: number): Promise<Page> => {
      const [tab] = await Promise.all([
        developer.context.waitForEvent('page'),
        developer.page.getByRole('button', { name: `Person ${n}` }).click(),
      ]);
      return tab;
    };
    // Person 1 speaks English, person 2 Russian; the sheets of the first visit differ, the room is one.
    const [one, two] = [await open(1), await open(2)];
    await one.getByRole('button', { name: t('first.enter') }).click();
    await two.getByRole('button', { name: 'Мне есть 18, войти' }).click();
    await one.getByRole('textbox', { name: t('composer.hint') }).fill('Hello from person one');
    await one.getByRole('textbox', { name: t('composer.hint') }).press('Enter');
    await two.getByRole('log').getByText('Hello from person one').waitFor();
    await two.getByRole('textbox', { name: 'Сообщение' }).fill('Привет от второго');
    await two.getByRole('textbox', { name: 'Сообщение' }).press('Enter');
    await one.getByRole('log').getByText('Привет от второго').waitFor();
  },
);
