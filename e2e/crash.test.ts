import { newDatabase } from './support/database.ts';
import { TALL } from './support/device.ts';
import type { Member, Message } from './support/member.ts';
import { person } from './support/person.ts';
import { test as base, expect } from './support/world.ts';

const EACH = 120;

/** Everybody talks at once, without a pause. */
async function talk(members: readonly Member[], acked: Map<string, number>): Promise<void> {
  await Promise.all(
    members.map(async (member, who) => {
      for (let n = 1; n <= EACH; n++) {
        const text = `member ${who} says ${n}`;
        acked.set(text, await member.say(text));
      }
    }),
  );
}

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  const test = base.extend({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
    settings: async ({}, use) => {
      const postgres = database === 'PostgreSQL' ? await newDatabase() : null;
      await use({ RATE_LIMITS: 'off', ...(postgres && { DATABASE_URL: postgres.url }) });
      await postgres?.drop();
    },
  });

  test(`after kill -9 in the middle of a conversation every acknowledged message is there once (${database})`, async ({
    world,
  }) => {
    const { server } = world;
    world.tolerate(/net::ERR_|WebSocket connection/);
    const ann = await world.device(person(0), { screen: TALL });
    await ann.enter();
    const members = await Promise.all([
      world.member(person(1)),
      world.member(person(2), { transports: ['websocket'] }),
      world.member(person(3), { transports: ['polling'] }),
    ]);

    const acked = new Map<string, number>();
    const talking = talk(members, acked);
    const spoken: string[] = [];
    for (const killAt of [1, 2, 3].map((n) => (n * EACH * members.length) / 5)) {
      await expect.poll(() => acked.size, { timeout: 30_000 }).toBeGreaterThan(killAt);
      await server.kill();
      const text = `said to a dead server ${spoken.push('')}`;
      spoken[spoken.length - 1] = text;
      await ann.say(text);
      await server.start();
    }
    await talking;
    const reader = members[0] as Member;
    const contents = async () => (await reader.history()).map(({ content }) => content);
    await expect.poll(contents).toEqual(expect.arrayContaining(spoken));
    await ann.bar.waitFor({ state: 'hidden' });

    const history = await reader.history();
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, at) => at + 1));
    const said = history.map(({ content }) => content);
    expect(new Set(said).size).toBe(said.length);
    expect(said.toSorted()).toEqual([...acked.keys(), ...spoken].toSorted());
    const seqs = new Map(history.map(({ content, seq }) => [content, seq]));
    for (const [text, seq] of acked) expect(seqs.get(text)).toBe(seq);
    for (const member of members) expectInOrder(member.heard);

    // She never scrolled, so the newest is still before her eyes.
    await expect.poll(async () => (await ann.texts()).at(-1)).toBe(said.at(-1));
    await ann.allSent();
    await expect.poll(() => ann.everything()).toEqual(said);
  });
}

base.extend({ settings: { RATE_LIMITS: 'off' } })(
  'a server that is stopped and started again ends well and loses nothing',
  async ({ world }) => {
    const { server } = world;
    world.tolerate(/net::ERR_|WebSocket connection|status of 503/);
    const ann = await world.device(person(0), { screen: TALL });
    await ann.enter();
    const members = await Promise.all([1, 2].map((n) => world.member(person(n))));
    const acked = new Map<string, number>();
    const talking = talk(members, acked);
    await expect.poll(() => acked.size).toBeGreaterThan(EACH / 2);
    expect(await server.stop()).toBe(0);
    await server.start();
    await talking;
    await ann.say('and I am still here');
    const contents = async () => (await (members[0] as Member).history()).map(({ content }) => content);
    await expect.poll(contents).toContain('and I am still here');

    const said = await contents();
    expect(said.toSorted()).toEqual([...acked.keys(), 'and I am still here'].toSorted());
    await expect.poll(() => ann.everything()).toEqual(said);
  },
);

/** Live frames only ever go on; what was lost in between, a client asks for. */
function expectInOrder(heard: readonly Message[]): void {
  const seqs = heard.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
}
