import { person } from './support/person.ts';
import { test as base, expect } from './support/world.ts';

const test = base.extend({ settings: { RATE_LIMITS: 'off' } });

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `line ${from + n}`);

test('a long history comes page by page as one scrolls up, whole and in order', async ({ world }) => {
  const bob = await world.member(person(2));
  for (const line of lines(1, 170)) await bob.say(line);
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.log.getByText('line 170').waitFor();
  await expect.poll(() => ann.everything(), { timeout: 30_000 }).toEqual(lines(1, 170));
});

test('while one reads further up, nothing moves; what came is counted, and one step leads to it', async ({ world }) => {
  const ann = await world.device(person(1));
  const bob = await world.member(person(2));
  for (const line of lines(1, 40)) await bob.say(line);
  await ann.enter();
  await ann.log.getByText('line 40').waitFor();
  await ann.log.evaluate((log) => {
    log.scrollTop = 300;
  });
  const down = ann.app.getByRole('button', { name: ann.t('chat.down') });
  await down.waitFor();
  const before = await ann.texts();
  const top = () => ann.log.evaluate((log) => log.scrollTop);
  const stood = await top();

  await bob.say('line 41');
  await bob.say('line 42');
  const jump = ann.app.getByRole('button', { name: ann.t('chat.downNew', { n: 2 }) });
  await jump.waitFor();
  expect(await top()).toBe(stood);
  expect(await ann.texts()).toEqual(before);

  await jump.click();
  await ann.log.getByText('line 42').waitFor();
  await jump.waitFor({ state: 'hidden' });
});

test('who stands at the newest message stays there, however fast others talk', async ({ world }) => {
  const ann = await world.device(person(1));
  const members = await Promise.all([2, 3, 4].map((n) => world.member(person(n))));
  const bob = await world.member(person(5));
  await ann.enter();
  await Promise.all(
    members.map(async (member, who) => {
      for (const line of lines(1, 100)) await member.say(`${who} says ${line}`);
    }),
  );
  await bob.say('the last word');
  await ann.log.getByText('the last word').waitFor();
  const below = () => ann.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
  await expect.poll(below).toBeLessThanOrEqual(1);
});

test('a second visit opens at the line above what was not read yet', async ({ world }) => {
  const ann = await world.device(person(1));
  const bob = await world.member(person(2));
  await bob.say('read before');
  await ann.enter();
  await ann.shows(['read before']);
  const mark = ann.log.getByText(ann.t('chat.new'));
  expect(await mark.count()).toBe(0);

  await ann.page.goto('about:blank');
  await bob.say('said meanwhile');
  await ann.launch();
  await ann.online();
  await ann.shows(['read before', 'said meanwhile']);
  await mark.waitFor();
  const order = await ann.log.evaluate((log) => (log as HTMLElement).innerText);
  expect(order.indexOf('read before')).toBeLessThan(order.indexOf(ann.t('chat.new')));
  expect(order.indexOf(ann.t('chat.new'))).toBeLessThan(order.indexOf('said meanwhile'));
});
