import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

test('an own message carries the clock until the server has kept it', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  ann.wire.silence();
  await ann.say('on its way');
  await expect.poll(() => ann.bubbles()).toEqual([{ author: null, text: 'on its way', state: ann.t('msg.sending') }]);
  ann.wire.mend();
  await expect.poll(() => ann.bubbles()).toEqual([{ author: null, text: 'on its way', state: ann.t('msg.sent') }]);
});

test('two people, one on Android and one in Telegram Web, get different masks and talk', async ({ world }) => {
  const [ann, bob] = await Promise.all([
    world.device(person(1), { platform: 'android' }),
    world.device(person(2), { platform: 'weba' }),
  ]);
  await Promise.all([ann.enter(), bob.enter()]);
  const [annName, bobName] = await Promise.all([ann.nickname(), bob.nickname()]);
  expect(annName).not.toBe(bobName);

  await ann.say('Anyone here who can hear me');
  await bob.shows(['Anyone here who can hear me']);
  await bob.say('Loud and clear');

  const { t } = ann;
  await expect
    .poll(() => ann.bubbles())
    .toEqual([
      { author: null, text: 'Anyone here who can hear me', state: t('msg.sent') },
      { author: bobName, text: 'Loud and clear', state: null },
    ]);
  await expect
    .poll(() => bob.bubbles())
    .toEqual([
      { author: annName, text: 'Anyone here who can hear me', state: null },
      { author: null, text: 'Loud and clear', state: t('msg.sent') },
    ]);
});
