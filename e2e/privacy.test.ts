import { PHONE } from './support/device.ts';
import { person } from './support/person.ts';
import { expect, test } from './support/world.ts';

// Every test of this suite ends with the search in support/world.ts. Here it is shown that the search
// looks at what it should, after a visit that uses everything.

test('no answer, event, frame, log line or file tells who somebody is', async ({ world }) => {
  const [ann, bob] = await Promise.all([
    world.device(person(3, 'ru'), { platform: 'ios', screen: PHONE }),
    world.device(person(4), { platform: 'weba' }),
  ]);
  await Promise.all([ann.enter(), bob.enter()]);
  await ann.composer.fill('сказанное вслух');
  await ann.sendButton.tap();
  await bob.shows(['сказанное вслух']);
  await ann.reload();
  await ann.online();
  const plain = await world.member(person(0), { transports: ['polling'] });
  await plain.say('spoken by polling');
  await bob.shows(['сказанное вслух', 'spoken by polling']);

  // What is searched holds what it must hold: the bytes of REST and of sockets, both ways, log and disk.
  const annName = await ann.nickname();
  for (const { wire } of [ann, bob]) {
    const own = ['"access_token":"', '"refresh_token":"', '"session_id":"', '"shortId":"', '"account":{"id":'];
    for (const text of [annName, 'сказанное вслух', ...own, '42["message"', '42["joined"']) {
      expect(wire.received.includes(text), text).toBe(true);
    }
  }
  expect(ann.sentFrames.join()).toContain('сказанное вслух');
  expect(ann.requests.some((request) => request.includes('/auth\n') && request.includes('initData'))).toBe(true);
  expect(world.server.log).toContain('"route":"POST /auth"');
  expect(world.server.stored().includes('сказанное вслух')).toBe(true);
});

test('what a page must not do is noticed', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  await ann.app.evaluate(() => fetch('https://example.org/').catch(() => {}));
  await ann.app.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<img src="https://example.net/pixel.gif" onerror="1">');
    reportError(new Error('a mistake'));
  });
  const noticed = ['CSP: connect-src', 'CSP: img-src', 'CSP: script-src-attr', 'page: Error: a mistake'];
  await expect
    .poll(() => noticed.filter((what) => !ann.problems.some((problem) => problem.startsWith(what))))
    .toEqual([]);
  world.tolerate(/^CSP|^console|a mistake|example\.net/);
});

test('what a page asks for comes from the server alone', async ({ world }) => {
  const ann = await world.device(person(1));
  await ann.enter();
  const hosts = new Set(ann.requests.map((request) => new URL(request.split('\n', 1)[0] ?? '').host));
  expect([...hosts]).toEqual([new URL(ann.wire.origin).host]);
  const loaded = await ann.app.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  expect(loaded.length).toBeGreaterThan(3);
  expect(loaded.filter((address) => !address.startsWith(ann.wire.origin))).toEqual([]);
});

test('a page of another origin can neither call the API nor open a socket', async ({ world }) => {
  const ann = await world.device(person(1));
  world.tolerate(/favicon|CORS policy|net::ERR_FAILED|WebSocket connection|a foreign host|status of 403/);
  await ann.page.goto(`${ann.wire.origin}/health`);
  const tried = await ann.page.evaluate(async (server) => {
    const rest = await fetch(`${server}/auth`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    }).then(
      () => 'answered',
      () => 'refused',
    );
    const socket = await new Promise((settle) => {
      const socket = new WebSocket(`${server.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      socket.onopen = () => settle('opened');
      socket.onerror = () => settle('refused');
    });
    return { rest, socket };
  }, world.server.url);
  expect(tried).toEqual({ rest: 'refused', socket: 'refused' });
});
