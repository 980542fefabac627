import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

const TALK = ['The fog is thick tonight', 'Then we are two islands', 'And this is the bridge'];

test('a reload keeps the mask, what was said and the draft', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const nickname = await ann.nickname();
  for (const text of TALK) await ann.say(text);
  await ann.allSent();
  await ann.composer.fill('half a thought');

  await ann.reload();
  await ann.online();
  await ann.shows(TALK);
  expect(await ann.nickname()).toBe(nickname);
  expect(await ann.composer.inputValue()).toBe('half a thought');
});

test('a reload inside of Telegram Web keeps them too', async ({ world }) => {
  const ann = await world.device(person(1), { platform: 'weba' });
  await ann.enter();
  const nickname = await ann.nickname();
  await ann.say('From inside of a frame');
  await ann.allSent();
  await ann.composer.fill('half a thought');

  await ann.reload();
  await ann.online();
  await ann.shows(['From inside of a frame']);
  expect(await ann.nickname()).toBe(nickname);
  expect(await ann.composer.inputValue()).toBe('half a thought');
});

test('a client that answers nothing keeps nobody waiting', async ({ world }) => {
  const ann = await world.device(person(1), { mute: true });
  await ann.enter();
  const nickname = await ann.nickname();
  await ann.reload();
  await ann.online();
  expect(await ann.nickname()).toBe(nickname);
});

test('a second device wears the same mask, has the history and hears at once', async ({ world }) => {
  const ann = person(1);
  const [desk, bob] = await Promise.all([world.device(ann, { platform: 'tdesktop' }), world.device(person(2))]);
  await Promise.all([desk.enter(), bob.enter()]);
  for (const text of TALK) await desk.say(text);
  await desk.allSent();

  const phone = await world.device(ann, { platform: 'ios', screen: PHONE });
  await phone.enter();
  expect(await phone.nickname()).toBe(await desk.nickname());
  await phone.shows(TALK);

  await bob.say('A wave from the other shore');
  await Promise.all([phone, desk].map((device) => device.shows([...TALK, 'A wave from the other shore'])));
  const mine = (await phone.bubbles()).filter(({ author }) => author === null).map(({ text }) => text);
  expect(mine).toEqual(TALK);
});

test('two tabs of one browser share the session, also when both renew it at once', async ({ world }) => {
  // A client without SecureStorage: the session lies where both tabs reach it.
  const ann = await world.device(person(1), { version: '8.0' });
  await ann.enter();
  const nickname = await ann.nickname();
  const tab = await ann.context.newPage();
  await tab.goto(ann.wire.origin);
  const inRoom = () => tab.getByRole('banner').getByText(ann.t('room.few')).waitFor();
  await inRoom();
  for (let n = 0; n < 2; n++) {
    await Promise.all([ann.reload(), tab.reload()]);
    await Promise.all([ann.online(), inRoom()]);
  }
  await tab.getByRole('button', { name: ann.t('composer.as', { name: nickname }) }).waitFor();
  await ann.say('seen in both tabs');
  await tab.getByRole('log').getByText('seen in both tabs').waitFor();
});

test('signing in again never changes the mask', async ({ world }) => {
  const ann = person(1);
  const device = await world.device(ann);
  await device.enter();
  const nickname = await device.nickname();

  await device.launch(); // fresh launch data on the same device
  await device.online();
  expect(await device.nickname()).toBe(nickname);

  const member = await world.member(ann); // POST /auth once more, from nowhere
  expect(member.nickname).toBe(nickname);
});

test('what was written without a network is sent after a reload', async ({ world }) => {
  const [ann, bob] = await Promise.all([world.device(person(1)), world.device(person(2))]);
  await Promise.all([ann.enter(), bob.enter()]);
  world.tolerate(/net::ERR_|WebSocket connection/);
  await ann.say('before the tunnel');
  await ann.allSent();
  ann.wire.cut();
  await ann.bar.waitFor();
  await ann.say('written in the tunnel');
  ann.wire.mend();
  await ann.reload();

  await bob.shows(['before the tunnel', 'written in the tunnel']);
  await ann.shows(['before the tunnel', 'written in the tunnel']);
  await ann.allSent();
});
