import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '../api/error';
import { Cache } from './cache';
import type { Draft, Sent, Sync } from './events';
import { cachedLog, LiveRoom, type LiveRoomOptions, type RoomServer, type RoomView } from './liveRoom';
import type { Message, Profile } from './model';
import { emptyLog, type Log, type Page } from './roomLog';

const EPOCH = 'e';
const mask = (id: number): Profile => ({
  id,
  nickname: 'Quiet Fox',
  avatarUrl: `/avatar/${id}.svg`,
  color: 3,
  photos: [],
  createdDay: '2026-11-20',
});

function said(seq: number, userId = 8, more: Partial<Message> = {}): Message {
  const created_at = '2026-11-20T10:00:00Z';
  return { id: `1-${seq}`, seq, rev: seq, roomId: 1, created_at, userId, content: `m${seq}`, author: null, ...more };
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => said(from + i));

/** A server that knows `messages`, and holds what it is sent until the test answers. */
class Server implements RoomServer {
  messages: Message[] = [];
  readonly sent: Draft[] = [];
  readonly syncs: number[] = [];
  down = false;
  private readonly answers: ((sent: Sent) => void)[] = [];

  get head(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  send(draft: Draft): Promise<Sent> {
    this.sent.push(draft);
    return new Promise((resolve) => this.answers.push(resolve));
  }

  async ack(seq: number): Promise<void> {
    const cid = this.sent.at(-1)?.cid ?? '';
    this.answers.at(-1)?.({ id: `1-${seq}`, seq, cid, created_at: '2026-11-20T10:00:00Z' });
    await vi.advanceTimersByTimeAsync(0);
  }

  async sync(after: number): Promise<Sync> {
    this.syncs.push(after);
    if (this.down) throw new Error('down');
    return { items: this.messages.filter((m) => m.rev > after), head: this.head, epoch: EPOCH };
  }

  async page(before = Number.POSITIVE_INFINITY): Promise<Page> {
    if (this.down) throw new ApiError('unreachable', 0);
    const older = this.messages.filter((m) => m.seq < before);
    return { items: older.slice(-5), head: this.head, epoch: EPOCH, hasMore: older.length > 5 };
  }
}

let server: Server;
let view: RoomView;
let cache: Cache;
const open: LiveRoom[] = [];

function enter(options: Partial<LiveRoomOptions> = {}): LiveRoom {
  const room = new LiveRoom({
    profile: mask(7),
    server,
    storage: localStorage,
    cache,
    log: emptyLog,
    show: (v) => {
      view = v;
    },
    slowed: () => {},
    ...options,
  });
  open.push(room);
  return room;
}

/** In the room, with the newest page and a standing connection. */
async function entered(options: Partial<LiveRoomOptions> = {}): Promise<LiveRoom> {
  const room = enter(options);
  room.refresh();
  await frame();
  room.connected();
  await frame();
  return room;
}

const frame = () => vi.advanceTimersByTimeAsync(20);
const live = (room: LiveRoom, ...messages: Message[]) => {
  for (const message of messages) room.receive({ type: 'change', change: { seq: message.rev, message } });
};
const shown = () => view.entries.map((e) => e.content);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 16));
  vi.stubGlobal('cancelAnimationFrame', clearTimeout);
  localStorage.clear();
  server = new Server();
  server.messages = range(1, 3);
  cache = new Cache(localStorage, 5);
});
afterEach(() => {
  for (const room of open.splice(0)) room.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('what comes in', () => {
  test('two hundred messages of one frame are one write', async () => {
    const show = vi.fn();
    const room = await entered({ show });
    show.mockClear();
    live(room, ...range(4, 203));
    await frame();
    expect(show).toHaveBeenCalledTimes(1);
    expect(show.mock.lastCall?.[0].entries).toHaveLength(203);
  });

  test('a hole is filled by asking, once', async () => {
    const room = await entered();
    server.syncs.length = 0;
    server.messages = range(1, 6);
    live(room, said(5), said(6));
    await frame();
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
    expect(server.syncs).toEqual([3]);
  });

  test('a tail that was missed is found by the heads', async () => {
    const room = await entered();
    server.messages = range(1, 4);
    room.receive({ type: 'head', head: 4 });
    await frame();
    expect(shown().at(-1)).toBe('m4');
  });

  test('a server that cannot fill the hole is not asked in a circle', async () => {
    const room = await entered();
    server.syncs.length = 0;
    server.down = true;
    for (let n = 5; n < 50; n++) {
      live(room, said(n));
      await frame();
    }
    expect(server.syncs.length).toBeLessThanOrEqual(2);
    server.down = false;
    server.messages = range(1, 49);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(view.entries).toHaveLength(49);
  });

  test('what was said between the page and the joining is asked for', async () => {
    const early = await server.page();
    server.messages = range(1, 4);
    vi.spyOn(server, 'page').mockResolvedValueOnce(early);
    const room = enter();
    room.connected();
    await frame();
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  test('the first page is asked for once, whoever wants it', async () => {
    const page = vi.spyOn(server, 'page');
    const room = enter();
    room.refresh();
    room.connected();
    expect(view.loaded).toBe(false);
    await frame();
    expect(view.loaded).toBe(true);
    expect(page).toHaveBeenCalledTimes(1);
  });

  test('a first page that does not come is asked for again', async () => {
    server.down = true;
    const room = enter();
    room.refresh();
    await frame();
    server.down = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(shown()).toEqual(['m1', 'm2', 'm3']);
  });
});

describe('sending', () => {
  test('the bubble stands there within the same tick, before any connection', () => {
    const room = enter();
    room.send('hello');
    expect(view.entries).toMatchObject([{ content: 'hello', state: 'pending', own: true }]);
  });

  test.each([
    ['ack first', true],
    ['frame first', false],
  ])('it stays one bubble with one key: %s', async (_, ackFirst) => {
    const room = await entered();
    room.send('hello');
    const key = view.entries.at(-1)?.key;
    const cid = server.sent[0]?.cid ?? '';
    const arrive = async () => {
      live(room, said(4, 7, { cid, content: 'hello' }));
      await frame();
    };
    const steps = ackFirst ? [() => server.ack(4), arrive] : [arrive, () => server.ack(4)];
    for (const step of steps) {
      await step();
      expect(view.entries.filter((e) => e.content === 'hello')).toMatchObject([{ key, state: 'sent', seq: 4 }]);
    }
  });

  test('an ack that overtakes messages of others waits in its place below them', async () => {
    const room = await entered();
    room.send('hello');
    await server.ack(6);
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'hello']);
    live(room, said(4), said(5));
    await frame();
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'hello']);
    live(room, said(6, 7, { cid: server.sent[0]?.cid ?? '', content: 'hello' }));
    await frame();
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'hello']);
  });

  test('an own message behind a hole, or before the first page, does not disappear', async () => {
    server.down = true;
    const room = enter();
    room.connected();
    room.send('hello');
    live(room, said(4, 7, { cid: server.sent[0]?.cid ?? '', content: 'hello' }));
    await frame();
    expect(view.entries).toMatchObject([{ content: 'hello', state: 'sent' }]);
    server.down = false;
    await vi.advanceTimersByTimeAsync(2_100);
    expect(shown()).toEqual(['m1', 'm2', 'm3', 'hello']);
  });

  test('after a lost ack and a reload, catch-up alone settles it', async () => {
    const before = await entered();
    before.send('hello');
    const cid = server.sent[0]?.cid ?? '';
    before.close();
    server.messages.push(said(4, 7, { cid, content: 'hello' }));
    await entered({ log: cachedLog(cache, 7, 30, Date.parse('2026-11-20T10:00:00Z')) });
    expect(shown().filter((text) => text === 'hello')).toHaveLength(1);
    expect(view.entries.at(-1)?.state).toBe('sent');
  });

  test('what waits under one mask is not seen under another', async () => {
    const before = await entered();
    before.lost();
    before.send('hello');
    before.close();
    enter({ profile: mask(70), log: before.log }).connected();
    expect(shown()).toEqual(['m1', 'm2', 'm3']);
    expect(server.sent).toEqual([]);
  });
});

describe('reading', () => {
  const at = Date.parse('2026-11-20T10:00:00Z');
  const again = () => entered({ log: cachedLog(cache, 7, 30, at) });

  test('the line stands before the first message that came after the last visit', async () => {
    const room = await entered();
    room.read(3);
    room.close();
    server.messages = [...range(1, 4), said(5, 8), said(6, 8)];
    await again();
    expect(view.unreadFrom).toBe(4);
  });

  test('it does not move while one reads, and nothing that comes before the eyes is new', async () => {
    const room = await entered();
    room.read(3);
    live(room, said(4));
    await frame();
    expect(view.unreadFrom).toBeNull();
    room.setVisible(false);
    live(room, said(5), said(6));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(view.unreadFrom).toBe(4);
    room.setVisible(true);
    room.read(6);
    live(room, said(7));
    await frame();
    expect(view.unreadFrom).toBe(4);
    room.read(7);
    room.setVisible(false);
    expect(view.unreadFrom).toBeNull();
  });

  test('at a first visit, and for own messages, there is no line', async () => {
    const room = await entered();
    expect(view.unreadFrom).toBeNull();
    room.read(3);
    room.close();
    server.messages.push(said(4, 7));
    await again();
    expect(view.unreadFrom).toBeNull();
  });

  test('away from the bottom the messages of others are counted', async () => {
    const room = await entered();
    room.setAtBottom(false);
    live(room, said(4), said(5, 7), said(6));
    await frame();
    expect(view.newSince).toBe(2);
    room.setAtBottom(true);
    expect(view.newSince).toBe(0);
  });
});

describe('older messages', () => {
  test('come page by page until the beginning', async () => {
    server.messages = range(1, 12);
    const room = await entered();
    expect(view).toMatchObject({ hasOlder: true, loadingOlder: false });
    const loading = room.loadOlder();
    void room.loadOlder();
    expect(view.loadingOlder).toBe(true);
    await loading;
    expect(shown()[0]).toBe('m3');
    await room.loadOlder();
    expect(view).toMatchObject({ hasOlder: false, loadingOlder: false });
    expect(view.entries).toHaveLength(12);
  });

  test('a page that fails may be asked for again after a pause', async () => {
    server.messages = range(1, 12);
    const room = await entered();
    server.down = true;
    await room.loadOlder();
    expect(view.loadingOlder).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    server.down = false;
    await room.loadOlder();
    expect(shown()[0]).toBe('m3');
  });

  test('a long evening at the bottom does not fill the memory', async () => {
    const room = await entered();
    live(room, ...range(4, 700));
    await frame();
    expect(view.entries.length).toBeLessThanOrEqual(600);
    expect(view.hasOlder).toBe(true);
  });
});

test('a reload shows the newest fifty and the place at once, and asks only for the rest', async () => {
  server.messages = range(1, 3);
  const room = await entered();
  live(room, ...range(4, 80));
  await vi.advanceTimersByTimeAsync(1_100);
  room.close();
  const log: Log = cachedLog(cache, 7, 30, Date.parse('2026-11-20T10:00:00Z'));
  const again = enter({ log });
  expect(view.entries).toHaveLength(50);
  expect(view.hasOlder).toBe(true);
  expect(again.position()).toEqual({ last: 80, epoch: EPOCH });
});
