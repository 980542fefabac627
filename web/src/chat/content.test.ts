import { expect, test } from 'vitest';
import { canSend, codePoints, normalise, remaining } from './content';
import { DEFAULT_LIMITS } from './model';

const limits = { ...DEFAULT_LIMITS, contentLength: 5, lines: 2 };

test('text is sent in NFC, with line feeds, without control characters, trimmed', () => {
  expect(normalise('  e\u0301\r\nx\ry\u0000\u0007\t.\u0085 \n')).toBe('\u00e9\nx\ny .');
});

test('length counts code points, as the server does', () => {
  expect(codePoints('🎭🎭')).toBe(2);
  expect(remaining('🎭🎭🎭', limits)).toBe(2);
  expect(remaining('  abcdefg ', limits)).toBe(-2);
});

test.each([
  ['', false],
  [' \n ', false],
  ['abcde', true],
  ['abcdef', false],
  ['a\nb', true],
  ['a\nb\nc', false],
  ['a\u2028b\u2029c', false],
  ['\u200b\u200d\u2060', false],
  ['\u3164\u2800', false],
  ['\ufe0f \u0301', false],
  ['❤️', true],
  ['👨‍👩‍👧', true],
])('%j may be sent: %s', (text, may) => {
  expect(canSend(text, limits)).toBe(may);
});
