// Loses its network and expects to be recovered, with what it has missed.
//
//   node recovery.js <url>

import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const stdin = createInterface({ input: process.stdin });
const orders = stdin[Symbol.asyncIterator]();

async function ask(what) {
  console.log(JSON.stringify({ ask: what }));
  const { value } = await orders.next();
  assert.equal(value, "done");
}

function next(emitter, event) {
  return once(emitter, event, { signal: AbortSignal.timeout(8000) });
}

const socket = io(process.argv[2], { transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 200 });
const missed = [];
socket.on("missed", (n) => missed.push(n));
const first = next(socket, "first");
await next(socket, "connect");
assert.ok(!socket.recovered);
await first;
const before = socket.id;

const lost = next(socket, "disconnect");
await ask("cut");
await lost;
const again = next(socket, "connect");
await ask("mend");
await again;
assert.ok(socket.recovered);
assert.equal(socket.id, before);
while (missed.length < 3) {
  await next(socket, "missed");
}
assert.deepEqual(missed, [0, 1, 2]);
socket.disconnect();
stdin.close();
