import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

test('Enter sends and Shift+Enter breaks the line', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.composer.focus();
  await ann.page.keyboard.type('two');
  await ann.page.keyboard.press('Shift+Enter');
  await ann.page.keyboard.type('lines');
  expect(await ann.composer.inputValue()).toBe('two\nlines');
  await ann.page.keyboard.press('Enter');
  await ann.shows(['two\nlines']);
  expect(await ann.composer.inputValue()).toBe('');
  expect(await ann.composer.evaluate((field) => document.activeElement === field)).toBe(true);
});

test('on a phone Enter breaks the line and the button sends', async ({ world }) => {
  const ann = await world.device(person(1), { screen: PHONE });
  await ann.enter();
  await ann.composer.fill('one');
  await ann.composer.press('Enter');
  await ann.composer.pressSequentially('two');
  await ann.sendButton.tap();
  await ann.shows(['one\ntwo']);
  await ann.allSent();
  expect(ann.telegram.last('web_app_trigger_haptic_feedback')).toBeDefined();
});

test('Esc closes the sheet and gives the focus back', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.face.focus();
  await ann.page.keyboard.press('Enter');
  const sheet = ann.app.getByRole('dialog', { name: ann.t('mask.title') });
  await sheet.waitFor();
  await ann.page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await expect.poll(() => ann.face.evaluate((button) => document.activeElement === button)).toBe(true);
});

test('Telegram’s Back button shows while a sheet is open, and closes it', async ({ world }) => {
  const ann = await world.device(person(1), { screen: PHONE });
  await ann.enter();
  await ann.face.tap();
  const sheet = ann.app.getByRole('dialog', { name: ann.t('mask.title') });
  await sheet.waitFor();
  await expect.poll(() => ann.telegram.last('web_app_setup_back_button')).toEqual({ is_visible: true });
  await ann.telegram.push('back_button_pressed');
  await sheet.waitFor({ state: 'hidden' });
  await expect.poll(() => ann.telegram.last('web_app_setup_back_button')).toEqual({ is_visible: false });
});

test('the browser’s Back closes the sheet and stays in the room', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.face.click();
  const sheet = ann.app.getByRole('dialog', { name: ann.t('mask.title') });
  await sheet.waitFor();
  await ann.page.goBack();
  await sheet.waitFor({ state: 'hidden' });
  expect(await ann.composer.isVisible()).toBe(true);
});

test('the arrow keys walk over the messages, and Enter opens the menu of one', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.say('copy me');
  await ann.allSent();
  await ann.log.focus();
  await ann.page.keyboard.press('ArrowUp');
  await ann.page.keyboard.press('Enter');
  const menu = ann.app.getByRole('dialog', { name: ann.t('menu.title') });
  await menu.getByRole('button', { name: ann.t('menu.copy') }).waitFor();
  await ann.page.keyboard.press('Escape');
  await menu.waitFor({ state: 'hidden' });
});

test('a message that is too long shows by how much, and is not sent', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const send = ann.sendButton;
  await ann.composer.fill('x'.repeat(4003));
  await ann.app.getByText(ann.t('composer.over', { n: 3 })).waitFor();
  expect(await send.getAttribute('aria-disabled')).toBe('true');
  await ann.composer.press('Enter');
  expect((await ann.composer.inputValue()).length).toBe(4003);
  expect(await ann.bubbles()).toEqual([]);

  await ann.composer.fill('x'.repeat(3999));
  await ann.app.getByText(ann.t('composer.left', { n: 1 })).waitFor();
  expect(await send.getAttribute('aria-disabled')).toBe('false');
  await ann.composer.press('Enter');
  await ann.shows(['x'.repeat(3999)]);
  await ann.allSent();
});

test('who talks too fast is asked to wait, and what waits goes out by itself', async ({ world }) => {
  const [ann, bob] = await Promise.all([world.device(person(1)), world.device(person(2))]);
  await Promise.all([ann.enter(), bob.enter()]);
  const texts = ['one', 'two', 'three', 'four', 'five'];
  ann.wire.silence(); // so that all of them reach the server in one moment
  for (const text of texts) await ann.say(text);
  ann.wire.mend();
  await ann.app.getByRole('button', { name: ann.t('composer.slow', { n: 1 }) }).waitFor();
  await bob.shows(texts);
  await ann.allSent();
  await ann.say('six');
  await bob.shows([...texts, 'six']);
});
