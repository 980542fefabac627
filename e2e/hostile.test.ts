import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

const MARKUP = [
  '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>',
  '<a href="javascript:window.hacked=1">click</a> javascript:window.hacked=1',
  '</p></article><style>*{display:none}</style><iframe srcdoc="<script>parent.hacked=1</script>">',
  '{{constructor.constructor("window.hacked=1")()}} &lt;b&gt; &#60;b&#62;',
];

test('markup in a message is text and does nothing', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const bob = await world.member(person(2));
  for (const text of MARKUP) await bob.say(text);
  await ann.shows(MARKUP);
  expect(await ann.log.locator('img[src="x"], script, style, iframe').count()).toBe(0);
  expect(await ann.log.getByRole('link').count()).toBe(0);
  expect(await ann.app.evaluate(() => 'hacked' in window)).toBe(false);
});

test('an address asks before it is opened, and Telegram opens it', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const bob = await world.member(person(2));
  await bob.say('look: https://example.org/path?q=1, said the owl');
  const link = ann.log.getByRole('link', { name: 'https://example.org/path?q=1' });
  await link.click();
  const question = ann.app.getByRole('dialog', { name: ann.t('link.title', { host: 'example.org' }) });
  await question.getByRole('button', { name: ann.t('link.open') }).click();
  await expect.poll(() => ann.telegram.last('web_app_open_link')).toEqual({ url: 'https://example.org/path?q=1' });
});

test('words without an end and 4,000 characters break lines and stay in the bubble', async ({ world }) => {
  const ann = await world.device(person(1), { screen: PHONE });
  await ann.enter();
  const bob = await world.member(person(2));
  const [word, long] = ['w'.repeat(400), 'Что-то очень длинное. '.repeat(190).trim().slice(0, 4000).trim()];
  await bob.say(word);
  await bob.say(long);
  await bob.say('the end');
  await ann.log.getByText('the end').waitFor();
  await expect.poll(() => ann.everything()).toEqual([word, long, 'the end']);
  const wider = await ann.app.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider).toBe(0);
});

test('an override of the writing direction ends with its message', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const bob = await world.member(person(2));
  await bob.say('\u202eeb eht morf');
  await bob.say('plain again');
  await ann.shows(['\u202eeb eht morf', 'plain again']);
  // The time of the turned message reads as always, and the next message is not turned.
  const [hours, colon] = await ann.log
    .getByRole('time')
    .first()
    .evaluate((time) => {
      const at = (from: number) => {
        const range = document.createRange();
        range.setStart(time.firstChild as Node, from);
        range.setEnd(time.firstChild as Node, from + 1);
        return range.getBoundingClientRect().x;
      };
      return [at(0), at(2)];
    });
  expect(hours).toBeLessThan(colon as number);
});

test('what the server refuses stays with its writer, says so, and can be taken back', async ({ world }) => {
  const ann = await world.device(person(1));
  // A page that was told of a wider limit than the server's lets through what the server will not take.
  await ann.page.route('**/api/me', async (route) => {
    const response = await route.fetch();
    const me = await response.json();
    await route.fulfill({ response, json: { ...me, limits: { ...me.limits, contentLength: 5000 } } });
  });
  await ann.enter();
  await ann.say('much too long '.repeat(320));
  await ann.app.getByText(ann.t('msg.failed')).first().waitFor();
  await ann.say('this one is fine');
  await expect
    .poll(async () => (await ann.bubbles()).map(({ state }) => state).toSorted())
    .toEqual([ann.t('msg.failed'), ann.t('msg.sent')]);
});
