import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { show } from '../test/render';
import { Crash } from './Crash';

afterEach(cleanup);

test('a screen that breaks leaves a page with a way on', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}); // React reports what it caught
  const Broken = () => {
    throw new Error('broken');
  };
  show(
    <Crash>
      <Broken />
    </Crash>,
  );
  expect(screen.getByRole('heading', { name: 'This screen broke' })).toBeDefined();
  expect(screen.getByRole('button', { name: 'Reload' })).toBeDefined();
});
