import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, preview } from 'vite';
import { type Person, person } from './support/person.ts';
import { freePort, type Settings } from './support/server.ts';
import { test as base, expect } from './support/world.ts';

const ROOT = new URL('founding-client', import.meta.url).pathname;

/** The document's own client, built as its Vite config says and served from an origin of its own. */
const test = base.extend<{ port: number; settings: Settings; client: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
  port: async ({}, use) => use(await freePort()),
  settings: async ({ port }, use) => use({ CORS_ORIGINS: `http://127.0.0.1:${port}` }),
  client: async ({ port, world }, use) => {
    const outDir = mkdtempSync(join(tmpdir(), 'maska-founding-'));
    process.env.VITE_SERVER_URL = world.server.url;
    const options = { root: ROOT, logLevel: 'error', build: { outDir, emptyOutDir: true } } as const;
    await build(options);
    const server = await preview({ ...options, preview: { host: '127.0.0.1', port, strictPort: true } });
    await use(`http://127.0.0.1:${port}`);
    await server.close();
    rmSync(outDir, { recursive: true });
  },
});

/** SHA-256 of each source as it stands in the document. */
const SOURCES = {
  'vite.config.js': 'aa047f5cf6ebd4794be21eef054111fe9b279f5f5a3eb5aa931cd44641d17233',
  'src/telegram.js': 'b44502854c5307c2498665c9210ce714fa073f7242e84cdf7e70d2a66c9d4dc0',
  'src/main.jsx': 'c167b8cdb5d19c100e1227b1ba9731111219fcf6eccbd2dc81ce0d5a2658ac89',
  'src/App.jsx': 'fa80e265c2ef0228250e2546e9d3e1da76f3f0699011358706462cc04be2b1ae',
  'src/Chat.jsx': '4947f20bbd8cadd738a08e9e091bdd0d1f01a636c28aa978a9eb635a68cfc30d',
};

test('the founding document’s own client is kept to the letter', () => {
  for (const [name, hash] of Object.entries(SOURCES)) {
    expect(
      createHash('sha256')
        .update(readFileSync(`${ROOT}/${name}`))
        .digest('hex'),
      name,
    ).toBe(hash);
  }
});

test('the founding document’s own client, unchanged and from another origin, signs in and talks', async ({
  client,
  world,
}) => {
  const open = async (who: Person): Promise<Page> => {
    const page = await (await world.browser.newContext()).newPage();
    const connected = page.waitForEvent('console', (line) => line.text().startsWith('connected'));
    // Without Telegram's script it takes the launch data from the address.
    await page.goto(`${client}/?initData=${encodeURIComponent(who.initData())}`);
    await page.getByRole('heading', { name: 'Анонимный чат (MVP)' }).waitFor();
    await connected;
    return page;
  };
  const [ann, bob] = await Promise.all([open(person(1)), open(person(2))]);
  const said = (page: Page) => page.locator('div:has(> b)').allTextContents();
  const speak = async (page: Page, text: string) => {
    await page.getByRole('textbox').fill(text);
    await page.getByRole('button', { name: 'Отправить' }).click();
  };

  await speak(ann, 'привет');
  await expect.poll(() => said(bob)).toHaveLength(1);
  await speak(bob, 'и тебе');
  await expect.poll(() => said(ann)).toHaveLength(2);
  expect(await said(ann)).toEqual([expect.stringMatching(/^\d+: привет$/), expect.stringMatching(/^\d+: и тебе$/)]);
  await expect.poll(() => said(bob)).toEqual(await said(ann));
  expect(new Set((await said(ann)).map((line) => line.split(':', 1)[0])).size).toBe(2);
  await Promise.all([ann, bob].map((page) => page.context().close()));
});
