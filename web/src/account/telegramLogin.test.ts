import { afterEach, expect, test } from 'vitest';
import { parseTelegramResult, takeTelegramResult, telegramLoginAddress } from './telegramLogin';

afterEach(() => {
  document.head.innerHTML = '';
  history.replaceState(null, '', '/');
});

function bot(id: string): void {
  document.head.innerHTML = `<meta name="maska-bot-id" content="${id}">`;
}

test('the login page is Telegram’s, for this bot, and comes back here', () => {
  bot('700000001');
  const address = new URL(telegramLoginAddress() ?? '');
  expect(address.origin + address.pathname).toBe('https://oauth.telegram.org/auth');
  expect(address.searchParams.get('bot_id')).toBe('700000001');
  expect(address.searchParams.get('return_to')).toBe(`${location.origin}/`);
});

test.each(['', 'maska_bot', '1"><script>'])('without the bot’s number (%s) there is no such page', (id) => {
  bot(id);
  expect(telegramLoginAddress()).toBeNull();
});

test('the answer is read once', () => {
  const fields = { id: 7, first_name: 'Зина', auth_date: 1, hash: 'h' };
  const text = Buffer.from(JSON.stringify(fields)).toString('base64url');
  history.replaceState({ tgAuthResult: text }, '', '/');
  expect(takeTelegramResult()).toEqual(fields);
  expect(takeTelegramResult()).toBeNull();
});

test.each(['ZmFsc2U', 'W10', '%%', ''])('an answer that is none (%s) is none', (text) => {
  expect(parseTelegramResult(text)).toBeNull();
});
