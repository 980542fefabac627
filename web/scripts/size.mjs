// The byte budget of the first load: prints the table, warns, and fails when it is broken.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const FIRST_WARN = 120;
const FIRST_MAX = 125;
const LAZY_MAX = 30;
const CSS_MAX = 12;

const dist = new URL('../dist/', import.meta.url);
const kB = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length / 1024;
const linked = (page) =>
  new Set(
    [...readFileSync(new URL(page, dist), 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((m) => m[1]),
  );

const first = linked('index.html');
const styles = [...readFileSync(new URL('index.html', dist), 'utf8').matchAll(/<style>([\s\S]*?)<\/style>/g)];
const inline = styles.reduce((sum, [, css]) => sum + gzipSync(css, { level: 9 }).length / 1024, 0);
const sums = { 'first js': 0, 'first css': inline };
let failed = false;
for (const file of readdirSync(new URL('assets/', dist)).sort()) {
  const kind = file.match(/\.(js|css)$/)?.[1];
  if (!kind) continue;
  const name = `assets/${file}`;
  const size = kB(name);
  const place = first.has(name) ? `first ${kind}` : `lazy ${kind}`;
  if (place in sums) sums[place] += size;
  if (place === 'lazy js' && size > LAZY_MAX) failed = true;
  console.log(`${place.padEnd(10)} ${size.toFixed(1).padStart(7)} kB  ${file}`);
}
console.log(`first js   ${sums['first js'].toFixed(1).padStart(7)} kB  of ${FIRST_WARN}, at most ${FIRST_MAX}`);
console.log(
  `page       ${kB('index.html').toFixed(1).padStart(7)} kB  index.html with skeleton, boot script and styles`,
);
console.log(`first css  ${sums['first css'].toFixed(1).padStart(7)} kB  of ${CSS_MAX}`);
if (sums['first js'] > FIRST_WARN) console.warn(`warning: the first load is above ${FIRST_WARN} kB`);
if (failed || sums['first js'] > FIRST_MAX || sums['first css'] > CSS_MAX) {
  console.error('the byte budget is broken');
  process.exit(1);
}
