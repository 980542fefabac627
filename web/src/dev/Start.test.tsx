import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Start } from './Start';

let asked: unknown[];
let went: string[];

beforeEach(() => {
  asked = [];
  went = [];
  vi.spyOn(window, 'fetch').mockImplementation(async (path, init) => {
    if (path === '/dev/people') {
      const mask = { nickname: 'Velvet Heron', avatarUrl: '/avatar/32.svg', color: 7 };
      return Response.json({
        people: [
          { person: 1, language: 'en', mask },
          { person: 2, language: 'ru', mask: null },
        ],
      });
    }
    asked.push(JSON.parse(String(init?.body)));
    return Response.json({ url: '/#tgWebAppData=x' });
  });
  vi.spyOn(window, 'open').mockImplementation(
    () => ({ location: { replace: (url: string) => went.push(url) } }) as unknown as Window,
  );
});
afterEach(cleanup);

test('a person is opened in a tab of its own, as chosen', async () => {
  const user = userEvent.setup();
  render(<Start />);
  await screen.findByText('Velvet Heron');
  await user.click(screen.getByRole('radio', { name: 'Tinted' }));
  await user.click(screen.getByRole('checkbox', { name: /Stale/ }));
  await user.type(screen.getByRole('textbox'), 'r_1');
  await user.click(screen.getByRole('button', { name: /Person 2/ }));
  await waitFor(() => expect(went).toEqual(['/#tgWebAppData=x']));
  expect(asked).toEqual([{ person: 2, theme: 'tinted', stale: true, startParam: 'r_1' }]);
});

test('someone new is nobody of the list', async () => {
  const user = userEvent.setup();
  render(<Start />);
  await screen.findByText('Velvet Heron');
  await user.click(screen.getByRole('button', { name: 'Someone new' }));
  await waitFor(() => expect(asked).toHaveLength(1));
  expect((asked[0] as { person: number }).person).toBeGreaterThan(2);
  expect(asked[0]).not.toHaveProperty('startParam');
});
