import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionState, FIRST_PATIENCE_MS, PATIENCE_MS } from './connection';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const said: string[] = [];
  return { said, state: new ConnectionState((s) => said.push(s)) };
}

test('a blink of the network shows nothing', () => {
  const { said, state } = watched();
  state.good();
  state.doubt();
  vi.advanceTimersByTime(PATIENCE_MS - 1);
  state.good();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['online']);
});

test('trouble shows after two seconds, counted from its beginning, and ends with an answer', () => {
  const { said, state } = watched();
  state.good();
  state.doubt();
  vi.advanceTimersByTime(1_500);
  state.doubt();
  vi.advanceTimersByTime(500);
  expect(said).toEqual(['online', 'reconnecting']);
  state.good();
  expect(said.at(-1)).toBe('online');
});

test('a first connection that does not come is told too', () => {
  const { said } = watched();
  vi.advanceTimersByTime(FIRST_PATIENCE_MS);
  expect(said).toEqual(['reconnecting']);
});
