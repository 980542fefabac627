import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batch } from './batch';

let frames: FrameRequestCallback[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => frames.push(run));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => delete frames[id - 1]);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('everything of one frame is handed on together', () => {
  const taken: (readonly number[])[] = [];
  const batch = new Batch<number>((events) => taken.push(events));
  for (let n = 0; n < 100; n++) batch.add(n);
  expect(taken).toEqual([]);
  frames[0]?.(0);
  expect(taken.map((t) => t.length)).toEqual([100]);
  vi.advanceTimersByTime(5_000);
  expect(taken).toHaveLength(1);
});

test('a page that gets no frames still gets its events, once a second', () => {
  const taken: (readonly number[])[] = [];
  const batch = new Batch<number>((events) => taken.push(events));
  batch.add(1);
  vi.advanceTimersByTime(1_000);
  expect(taken).toEqual([[1]]);
});

test('a flush hands on at once and the frame finds nothing left', () => {
  const taken: (readonly number[])[] = [];
  const batch = new Batch<number>((events) => taken.push(events));
  batch.add(1);
  batch.flush();
  frames[0]?.(0);
  expect(taken).toEqual([[1]]);
});
