import { type Device, TALL } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test, type World } from './support/world.ts';

async function pair(world: World): Promise<[Device, Device]> {
  const devices = await Promise.all([
    world.device(person(1), { screen: TALL }),
    world.device(person(2), { screen: TALL, platform: 'tdesktop' }),
  ]);
  await Promise.all(devices.map((device) => device.enter()));
  return devices;
}

/** Both go on writing while one of them is away; returns what each wrote. */
async function writeOnBothSides(away: Device, here: Device): Promise<string[]> {
  const written = ['first', 'second', 'third', 'fourth'].map((n) => [`${n} from the tunnel`, `${n} from the shore`]);
  for (const [fromAway = '', fromHere = ''] of written) {
    await away.say(fromAway);
    await here.say(fromHere);
  }
  return written.flat();
}

/** Everything once, in the same order for both, and in the order in which each wrote. */
async function expectTheSame(away: Device, here: Device, before: readonly string[], written: readonly string[]) {
  await expect.poll(async () => (await away.texts()).toSorted()).toEqual([...before, ...written].toSorted());
  await away.allSent();
  await here.allSent();
  const [seenAway, seenHere] = await Promise.all([away.texts(), here.texts()]);
  expect(seenAway).toEqual(seenHere);
  for (const place of ['tunnel', 'shore']) {
    const own = (texts: readonly string[]) => texts.filter((text) => text.endsWith(place));
    expect(own(seenAway)).toEqual(own(written));
  }
}

test('a cut network shows the bar after two seconds, and what was written goes out once and in order', async ({
  world,
}) => {
  const [ann, bob] = await pair(world);
  world.tolerate(/net::ERR_|WebSocket connection/);
  await ann.say('hello');
  await bob.shows(['hello']);
  await ann.allSent();

  const since = Date.now();
  ann.wire.cut();
  await ann.context.setOffline(true);
  await ann.bar.waitFor();
  expect(Date.now() - since).toBeGreaterThan(1_500);
  const written = await writeOnBothSides(ann, bob);
  await expect.poll(() => bob.texts()).toContain('fourth from the shore');

  ann.wire.mend();
  await ann.context.setOffline(false);
  await ann.bar.waitFor({ state: 'hidden' });
  await expectTheSame(ann, bob, ['hello'], written);
});

test('a network that falls silent and comes back loses and doubles nothing', async ({ world }) => {
  const [ann, bob] = await pair(world);
  world.tolerate(/net::ERR_|WebSocket connection/);
  await ann.say('hello');
  await bob.shows(['hello']);

  bob.wire.silence();
  const written = await writeOnBothSides(bob, ann);
  await bob.bar.waitFor();
  bob.wire.mend();
  await bob.bar.waitFor({ state: 'hidden' });
  await expectTheSame(bob, ann, ['hello'], written);
});

test('a silent connection is given up for a new one, and nothing is sent twice', async ({ world }) => {
  const [ann, bob] = await pair(world);
  world.tolerate(/net::ERR_|WebSocket connection/);
  await ann.say('hello');
  await bob.shows(['hello']);

  ann.wire.silence();
  const { tries } = ann.wire;
  const written = await writeOnBothSides(ann, bob);
  await ann.bar.waitFor();
  // Back at the screen, one unanswered question is enough to try anew.
  await ann.page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect.poll(() => ann.wire.tries).toBeGreaterThan(tries);
  ann.wire.mend();
  await ann.bar.waitFor({ state: 'hidden' });
  await expectTheSame(ann, bob, ['hello'], written);
});

test('where WebSocket is blocked, the room works over polling', async ({ world }) => {
  const [ann, bob] = await Promise.all([world.device(person(1)), world.device(person(2))]);
  world.tolerate(/WebSocket connection/);
  ann.wire.refusesWebSocket = true;
  await Promise.all([ann.enter(), bob.enter()]);
  await ann.say('by letter');
  await bob.shows(['by letter']);
  await bob.say('by wire');
  await ann.shows(['by letter', 'by wire']);
  await ann.allSent();
  expect(ann.requests.some((request) => request.includes('transport=polling'))).toBe(true);
});
