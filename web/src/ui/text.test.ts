import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isBigEmoji, pieces } from './text';

const links = (content: string) => pieces(content).flatMap((piece) => (piece.kind === 'link' ? [piece.text] : []));

test('http and https addresses are found, without the sentence around them', () => {
  expect(links('see https://example.org/a?b=c#d, and (http://b.example/x_(y)).')).toEqual([
    'https://example.org/a?b=c#d',
    'http://b.example/x_(y)',
  ]);
  expect(links('看https://example.org/路。好')).toEqual(['https://example.org/路。好']);
  expect(links('«https://пример.рф/да»…')).toEqual(['https://пример.рф/да']);
});

test('nothing but http and https becomes a link', () => {
  expect(links('javascript:alert(1) data:text/html,x ftp://a.b tg://resolve example.org http:// https://[')).toEqual(
    [],
  );
});

test('an address with a name in it stays text', () => {
  expect(links('https://t.me@evil.example/ https://a:b@evil.example')).toEqual([]);
});

test('the host shown for an address is the one that would be asked', () => {
  const [piece] = pieces('https://аррӏе.com/login');
  expect(piece).toMatchObject({ kind: 'link', host: 'xn--80ak6aa92e.com' });
});

test('the pieces, joined, are the text', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('https://', 'http://a.b', '(', ')', '.', ' ', '@'),
  );
  fc.assert(
    fc.property(fc.array(odd), (parts) => {
      const content = parts.join('');
      expect(
        pieces(content)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(content);
    }),
  );
});

test('one to three emoji alone are big', () => {
  for (const text of ['🫖', '👍🏽', '👨‍👩‍👧‍👦 ❤️', '🇷🇺🇨🇳🇬🇧', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) expect(isBigEmoji(text), text).toBe(true);
  for (const text of ['', 'a', '1', '©', '🫖🫖🫖🫖', '🫖 tea', '🫖'.repeat(5000)])
    expect(isBigEmoji(text), text).toBe(false);
});
