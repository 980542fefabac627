/** What may be said: the same rules as the server's, so that a refusal is seen before it is sent. */
import type { Limits } from './model';

/** The text as it will be sent: NFC, line feeds only, no control characters, trimmed. */
export function normalise(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/[^\P{Cc}\n]/gu, '')
    .normalize('NFC')
    .trim();
}

/** Length in code points, as the server counts. */
export function codePoints(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** Code points that may still be typed; negative when it is too much. */
export function remaining(text: string, limits: Limits): number {
  return limits.contentLength - codePoints(normalise(text));
}

/**
 * Something to be seen: neither blank, nor a mark or joiner alone, nor one of the letters that show nothing
 * (the fillers of Hangul, the empty Braille cell).
 */
const VISIBLE = /[^\p{White_Space}\p{Cf}\p{M}\u115F\u1160\u3164\uFFA0\u2800]/u;

export function canSend(text: string, limits: Limits): boolean {
  const content = normalise(text);
  const lines = content.split(/[\n\u2028\u2029]/).length;
  return VISIBLE.test(content) && codePoints(content) <= limits.contentLength && lines <= limits.lines;
}
