import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { DARK, LIGHT } from './support/telegram.ts';
import { expect, test } from './support/world.ts';

for (const platform of ['android', 'tdesktop', 'weba'] as const) {
  test(`a change of Telegram’s theme recolours the page at once, without a reload (${platform})`, async ({ world }) => {
    const ann = await world.device(person(1), { platform, theme: LIGHT });
    await ann.enter();
    await ann.app.evaluate(() => Object.assign(window, { stillHere: true }));
    const colours = () =>
      ann.app.evaluate(() => {
        const { documentElement: root } = document;
        const header = document.querySelector('header');
        return [getComputedStyle(root).colorScheme, header ? getComputedStyle(header).backgroundColor : ''];
      });
    await expect.poll(colours).toEqual(['light', 'rgb(255, 255, 255)']);

    await ann.telegram.changeTheme(DARK);
    await expect.poll(colours).toEqual(['dark', 'rgb(23, 32, 42)']);
    await expect.poll(() => ann.telegram.last('web_app_set_header_color')).toEqual({ color: '#17202a' });
    expect(await ann.app.evaluate(() => 'stillHere' in window)).toBe(true);

    await ann.reload();
    await ann.online();
    expect(await colours()).toEqual(['dark', 'rgb(23, 32, 42)']);
  });
}

test('when the keyboard takes height away, the newest message stays in sight', async ({ world }) => {
  const ann = await world.device(person(1), { screen: PHONE });
  await ann.enter();
  const bob = await world.member(person(2));
  for (let n = 1; n <= 3; n++) await bob.say(`line ${n}\n`.repeat(9));
  await bob.say('the newest');
  const newest = ann.log.getByText('the newest');
  await newest.waitFor();
  const { width, height } = PHONE.viewport;

  for (const rest of [height - 320, height - 120, height]) {
    await ann.telegram.push('viewport_changed', { width, height: rest, is_expanded: true, is_state_stable: true });
    const bottoms = async () => {
      const [message, field] = await Promise.all([newest.boundingBox(), ann.composer.boundingBox()]);
      return { message: (message?.y ?? 0) + (message?.height ?? 0), field: (field?.y ?? 0) + (field?.height ?? 0) };
    };
    await expect.poll(async () => (await bottoms()).field).toBeGreaterThan(rest - 40);
    await expect.poll(async () => (await bottoms()).field).toBeLessThanOrEqual(rest);
    await expect.poll(async () => (await bottoms()).message).toBeLessThan(rest - 40);
    await expect.poll(async () => (await bottoms()).message).toBeGreaterThan(rest - 140);
  }
});

test('nothing is wider than a narrow phone', async ({ world }) => {
  const ann = await world.device(person(1, 'ru'), { screen: { ...PHONE, viewport: { width: 320, height: 640 } } });
  await ann.launch();
  const overflow = () => ann.app.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await ann.app.getByRole('button', { name: ann.t('first.enter') }).waitFor();
  expect(await overflow()).toBe(0);
  await ann.app.getByRole('button', { name: ann.t('first.enter') }).click();
  await ann.online();
  expect(await overflow()).toBe(0);
  await ann.face.tap();
  await ann.app.getByRole('dialog').waitFor();
  expect(await overflow()).toBe(0);
});
