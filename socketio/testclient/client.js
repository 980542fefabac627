// Drives socket.io-client against the server named on the command line and
// checks what it sees. It prints one JSON line when it needs the test's help
// (to cut the network) and exits with 0 if everything held.
//
//   node client.js <url> <transports, comma-separated, or "default">

import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { io, Manager } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const options = {
  auth: { token: "good" },
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
  timeout: 3000,
  ...(transports === "default" ? {} : { transports: transports.split(",") }),
};

const stdin = createInterface({ input: process.stdin });
const orders = stdin[Symbol.asyncIterator]();

// ask tells the test what to do and waits until it is done.
async function ask(what) {
  console.log(JSON.stringify({ ask: what }));
  const { value } = await orders.next();
  assert.equal(value, "done");
}

// next waits for one event and returns its arguments.
function next(emitter, event) {
  return once(emitter, event, { signal: AbortSignal.timeout(8000) });
}

const socket = io(url, options);
const upgraded = transports === "default" ? next(socket.io.engine ?? (await managerOpen()), "upgrade") : null;

async function managerOpen() {
  await next(socket.io, "open");
  return socket.io.engine;
}

await next(socket, "connect");
assert.ok(socket.id);
assert.ok(!socket.recovered);
if (upgraded) {
  await upgraded;
}
assert.equal(socket.io.engine.transport.name, transports === "default" ? "websocket" : options.transports[0]);

await talk();

async function talk() {
  // Events, in order, with every kind of JSON.
  const values = [1, -1.5e300, "", "Маска 面具 🎭 \u2028 \x1e", null, true, [], {}, { deep: [{ a: { b: [1] } }] }];
  const seen = [];
  socket.on("echo", (...args) => seen.push(args));
  for (let i = 0; i < 50; i++) {
    socket.emit("echo", i, ...values);
  }
  while (seen.length < 50) {
    await next(socket, "echo");
  }
  socket.off("echo");
  assert.deepEqual(seen, Array.from({ length: 50 }, (_, i) => [i, ...values]));

  // Acknowledgements, both ways.
  assert.deepEqual(await socket.timeout(3000).emitWithAck("ack", "a", { b: 1 }), { args: ["a", { b: 1 }] });
  socket.once("question", (a, b, reply) => reply(a + b, "ok"));
  const answered = next(socket, "answered");
  socket.emit("ask me");
  assert.deepEqual(await answered, [[5, "ok"]]);

  // Binary, both ways, nested too.
  const bytes = Uint8Array.from({ length: 70000 }, (_, i) => i);
  const back = next(socket, "echo");
  socket.emit("echo", bytes, { nested: [bytes.subarray(0, 3)], text: "t" }, "end");
  const [first, second, third] = await back;
  assert.deepEqual(Uint8Array.from(first), bytes);
  assert.deepEqual(Uint8Array.from(second.nested[0]), bytes.subarray(0, 3));
  assert.equal(second.text, "t");
  assert.equal(third, "end");
  const got = await socket.timeout(3000).emitWithAck("binary ack", bytes);
  assert.deepEqual(Uint8Array.from(got), bytes);

  // Rooms.
  const said = next(socket, "said");
  socket.emit("say", "hello all");
  assert.deepEqual(await said, ["hello all"]);
}

// Heartbeats: more than one interval and one timeout.
for (let i = 0; i < 3; i++) {
  await next(socket.io, "ping");
}
assert.ok(socket.connected);

// The network is lost and comes back: a new session, and nothing is broken.
const before = socket.id;
const lost = next(socket, "disconnect");
await ask("cut");
const [reason] = await lost;
assert.ok(["transport close", "transport error", "ping timeout"].includes(reason), reason);
const again = next(socket, "connect");
await ask("mend");
await again;
assert.notEqual(socket.id, before);
await talk();

// Other namespaces on the same connection.
const manager = socket.io;
const other = manager.socket("/other", { auth: { token: "good" } });
await next(other, "connect");
assert.notEqual(other.id, socket.id);
assert.equal(await other.timeout(3000).emitWithAck("where"), "/other");
other.disconnect();

const [invalid] = await next(manager.socket("/nowhere"), "connect_error");
assert.equal(invalid.message, "Invalid namespace");

const strangers = new Manager(url, options);
const stranger = strangers.socket("/other", { auth: { token: "bad" } });
const [refused] = await next(stranger, "connect_error");
assert.equal(refused.message, "token_invalid");
assert.deepEqual(refused.data, { code: "token_invalid", retryAfter: 5 });
assert.equal(stranger.active, false);
stranger.disconnect();
strangers._close();

// The server ends the connection: the client comes back by itself.
const dropped = next(socket, "disconnect");
const returned = next(socket, "connect");
socket.emit("drop me");
assert.equal((await dropped)[0], "transport close");
await returned;

// The server ends the socket: the client does not.
const kicked = next(socket, "disconnect");
socket.emit("kick me");
assert.equal((await kicked)[0], "io server disconnect");
assert.equal(socket.active, false);

socket.connect();
await next(socket, "connect");
socket.disconnect();
stdin.close();
