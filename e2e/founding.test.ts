import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build, preview } from 'vite';
import { type Person, person } from './support/person.ts';
import type { Settings } from './support/server.ts';
import { test as base, expect } from './support/world.ts';

const ROOT = new URL('founding-client', import.meta.url).pathname;

/** The document's own client, built as its Vite config says and served from an origin of its own. */
const test = base.extend<{ port: number; settings: Settings; client: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
  port: async ({}, use) => {
    const probe = createServer();
    await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening));
    const address = probe.address();
    await new Promise((closed) => probe.close(closed));
    await use(typeof address === 'object' && address ? address.port : 0);
  },
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
