/**
 * What a test starts from: a server, devices, and people. When it ends, all that was said on the wire,
 * written to the log and kept on disk is searched for what must never be there.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { test as base, expect } from 'vitest';
import { Device, type DeviceOptions } from './device.ts';
import { Member, type SocketSettings } from './member.ts';
import type { Person } from './person.ts';
import { Server, type Settings } from './server.ts';

export { expect } from 'vitest';

/** As Telegram's web views run: no sandbox for the container, no helpers that call home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A public page may hold a frame from loopback: Telegram Web with the server under test in it.
  '--disable-features=LocalNetworkAccessChecks',
  // A name that a page should not ask for must not be found, wherever the tests run.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM || findChromium(), args: FLAGS });

function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (!found) throw new Error('Chromium is needed (Debian: apt-get install chromium), or CHROMIUM=/path/to/it');
  return found;
}

export class World {
  readonly devices: Device[] = [];
  readonly members: Member[] = [];
  private readonly people = new Set<Person>();
  private tolerated: RegExp[] = [];

  private constructor(
    readonly browser: Browser,
    readonly server: Server,
  ) {}

  static async open(browser: Browser, settings: Settings = {}): Promise<World> {
    return new World(browser, await Server.start(settings));
  }

  async device(person: Person, options?: DeviceOptions): Promise<Device> {
    const device = await Device.make(this.browser, this.server.port, person, options);
    this.people.add(person);
    this.devices.push(device);
    return device;
  }

  async member(person: Person, options?: SocketSettings): Promise<Member> {
    const member = await Member.join(this.server.url, person, options);
    this.people.add(person);
    this.members.push(member);
    return member;
  }

  /** Problems that a test brings about on purpose, such as the browser's own lines about a lost network. */
  tolerate(...patterns: RegExp[]): void {
    this.tolerated = [...this.tolerated, ...patterns];
  }

  /** Pictures and log of a test that failed. */
  async keepEvidence(name: string): Promise<void> {
    const folder = new URL('../results/', import.meta.url).pathname;
    const file = folder + name.replace(/[^\w]+/g, '-').slice(0, 80);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.log`, this.server.log);
    await Promise.all(this.devices.map((device, at) => device.page.screenshot({ path: `${file}-${at}.png` })));
  }

  /** Ends everything, searches what it left behind, and returns what should not be there. */
  async close(): Promise<string[]> {
    for (const member of this.members) member.leave();
    const kept = await Promise.all(this.devices.map((device) => device.context.storageState()));
    for (const device of this.devices) await device.close();
    await this.server.kill();
    const findings = [...this.problems(), ...this.leaks(), ...this.stored(JSON.stringify(kept))];
    await this.server.close();
    return findings;
  }

  private problems(): string[] {
    const all = this.devices.flatMap(({ problems }) => problems);
    return all.filter((problem) => !this.tolerated.some((pattern) => pattern.test(problem)));
  }

  /** Nothing about a person in what the server sends, nothing of one in what another receives, nothing in the log. */
  private leaks(): string[] {
    const findings: string[] = [];
    const search = (where: string, bytes: Buffer, secrets: readonly string[]) => {
      for (const secret of secrets) if (bytes.includes(secret)) findings.push(`${where} contains ${secret}`);
    };
    const traces = [...this.people].flatMap((person) => person.traces);
    const secrets = this.devices.map(({ wire }) => secretsIn(wire.received.toString()));
    for (const [at, { person, wire, sentFrames, requests }] of this.devices.entries()) {
      const others = [
        ...this.devices.flatMap((other, i) => (other.person === person ? [] : (secrets[i] ?? []))),
        ...this.members.flatMap((member) => member.secrets),
      ];
      search(`what ${person.firstName} received`, wire.received, [...traces, ...others]);
      search(`what ${person.firstName} sent by socket`, Buffer.from(sentFrames.join('\n')), [...traces, ...others]);
      const addresses = requests.map((request) => request.split('\n', 1)[0]).filter((url) => !url?.includes('#'));
      search(`addresses that ${person.firstName} asked for`, Buffer.from(addresses.join('\n')), [
        ...traces,
        ...(secrets[at] ?? []),
      ]);
    }
    // Short words stand in a log for other reasons.
    const said = this.devices.flatMap((device) => device.said.filter((text) => text.length >= 10));
    const log = Buffer.from(this.server.log);
    search('the log', log, [...traces, ...secrets.flat(), ...said, '127.0.0.1', '::1']);
    return findings;
  }

  /** No trace of a person on the server's disk or in the browser's storage. */
  private stored(browserStorage: string): string[] {
    const disk = this.server.stored();
    return [...this.people].flatMap((person) => {
      const found = person.traces.filter((trace) => disk.includes(trace) || browserStorage.includes(trace));
      if (disk.includes(asInteger(person.id))) found.push(`${person.id} as a number`);
      return found.map((trace) => `${trace} of ${person.firstName} was stored`);
    });
  }
}

/** Tokens and ids of an account, as its owner gets them. */
function secretsIn(received: string): string[] {
  const names = 'token|access_token|refresh_token|session_id|shortId|username';
  const texts = [...received.matchAll(new RegExp(`"(?:${names})":"([^"]+)"`, 'g'))].map((match) => match[1] ?? '');
  const accounts = [...received.matchAll(/"account":\{"id":(\d+)/g)].map((match) => match[1] ?? '');
  return [...new Set([...texts, ...accounts])];
}

/** As SQLite keeps a number of this size: big-endian, as short as may be. */
function asInteger(id: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(id));
  return bytes.subarray(2);
}

/** A test in a world of its own; the browser is the file's. */
export const test = base.extend<{ browser: Browser; settings: Settings; world: World }>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
    async ({}, use) => {
      const browser = await launch();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  settings: {},
  world: async ({ browser, settings, task }, use) => {
    const world = await World.open(browser, settings);
    await use(world);
    if (task.result?.state === 'fail') await world.keepEvidence(task.name);
    const findings = await world.close();
    expect(findings).toEqual([]);
  },
});
