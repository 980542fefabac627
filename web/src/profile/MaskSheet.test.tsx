import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chat } from '../chat/store';
import { given, OWN } from '../test/chat';
import { show } from '../test/render';
import MaskSheet from './MaskSheet';

beforeEach(() => localStorage.clear());
afterEach(cleanup);

const NEXT = { ...OWN, id: 8, nickname: 'Paper Comet' };

function open() {
  let taken = 0;
  given({
    async newMask() {
      taken++;
      chat.setState({ profile: NEXT });
      return { ok: true };
    },
  });
  return { ...show(<MaskSheet onHow={() => {}} onClose={() => {}} />), taken: () => taken };
}

test('a new mask is taken only after its consequence was read', async () => {
  const { user, taken } = open();
  await user.click(screen.getByRole('button', { name: /^Take a new mask/ }));
  expect(screen.getByText(/^It cannot be worn again\./)).toBeDefined();
  expect(taken()).toBe(0);
  await user.click(screen.getByRole('button', { name: 'Take a new mask' }));
  await waitFor(() => expect(screen.getAllByText('Paper Comet').length).toBeGreaterThan(0));
  expect(taken()).toBe(1);
});

test('keeping the mask changes nothing', async () => {
  const { user, taken } = open();
  await user.click(screen.getByRole('button', { name: /^Take a new mask/ }));
  await user.click(screen.getByRole('button', { name: 'Keep this mask' }));
  await waitFor(() => expect(screen.queryByText(/^It cannot be worn again\./)).toBeNull());
  expect(taken()).toBe(0);
});
