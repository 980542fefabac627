import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

test('a new mask shows only on what is said from then on, on all devices, and nothing is printed about it', async ({
  world,
}) => {
  const ann = person(1);
  const [desk, bob] = await Promise.all([world.device(ann), world.device(person(2))]);
  await Promise.all([desk.enter(), bob.enter()]);
  const phone = await world.device(ann, { platform: 'ios', screen: PHONE });
  await phone.enter();
  const { t } = desk;
  const before = await desk.nickname();
  await desk.say('said under the first mask');
  await bob.shows(['said under the first mask']);

  await desk.face.click();
  const sheet = desk.app.getByRole('dialog', { name: t('mask.title') });
  await sheet.getByRole('button', { name: t('mask.new') }).click();
  const question = desk.app.getByRole('dialog', { name: t('mask.confirm') });
  await question.getByRole('button', { name: t('mask.new') }).click();
  await question.waitFor({ state: 'hidden' });
  await sheet.getByRole('button', { name: t('close') }).click();
  await sheet.waitFor({ state: 'hidden' });

  await expect.poll(() => desk.nickname()).not.toBe(before);
  const after = await desk.nickname();
  // The other device asks nothing: it is the same person who once said yes.
  await expect.poll(() => phone.nickname()).toBe(after);

  await desk.say('said under the second mask');
  await bob.shows(['said under the first mask', 'said under the second mask']);
  await phone.say('and from the other device');
  await expect
    .poll(() => bob.bubbles())
    .toEqual([
      { author: before, text: 'said under the first mask', state: null },
      { author: after, text: 'said under the second mask', state: null },
      { author: after, text: 'and from the other device', state: null },
    ]);
  const lines = await bob.log.evaluate((log) => {
    const copy = log.cloneNode(true) as Element;
    for (const article of copy.querySelectorAll('article')) article.remove();
    return copy.textContent;
  });
  expect(lines).toBe(t('day.today'));
  expect(bob.wire.received.toString()).not.toContain(t('mask.new'));
});

test('a fourth new mask in a day is refused in words', async ({ world }) => {
  const ann = await world.device(person(1));
  world.tolerate(/status of 429/);
  await ann.launch();
  const { t } = ann;
  const another = ann.app.getByRole('button', { name: t('first.reroll') });
  const name = ann.app.getByRole('region').getByRole('heading', { level: 2 });
  const seen = new Set([await name.textContent()]);
  for (let n = 1; n <= 3; n++) {
    await another.click();
    await expect.poll(async () => seen.has(await name.textContent())).toBe(false);
    seen.add(await name.textContent());
  }
  await another.click();
  await ann.app.getByRole('alert').getByText(t('mask.limit')).waitFor();
  expect(seen.size).toBe(4);
});
