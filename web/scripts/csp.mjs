// Lists the SHA-256 of every inline script of the built pages in dist/csp.json,
// so that the server's Content-Security-Policy can name them and nothing else.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const hashes = new Set();
for (const page of readdirSync(dist).filter((name) => name.endsWith('.html'))) {
  const html = readFileSync(new URL(page, dist), 'utf8');
  for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
    if (!/\ssrc=/.test(attributes)) hashes.add(`sha256-${createHash('sha256').update(body).digest('base64')}`);
  }
}
writeFileSync(new URL('csp.json', dist), `${JSON.stringify([...hashes].sort())}\n`);
