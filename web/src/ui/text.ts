/** What a message's text is made of. Addresses are found here and drawn as React nodes, never as HTML. */

export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; url: string; host: string };

const ADDRESS = /https?:\/\/[^\s<>"'`]+/giu;
/** What ends a sentence is not part of an address. */
const TRAILING = /[.,;:!?…»”’*_~，。；：！？、）】》]+$/u;

export function pieces(content: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of content.matchAll(ADDRESS)) {
    const text = withoutTail(match[0]);
    const link = parse(text);
    if (!link) continue;
    if (match.index > from) out.push({ kind: 'text', text: content.slice(from, match.index) });
    out.push({ kind: 'link', text, ...link });
    from = match.index + text.length;
  }
  if (from < content.length) out.push({ kind: 'text', text: content.slice(from) });
  return out;
}

function withoutTail(address: string): string {
  let text = address.replace(TRAILING, '');
  // A closing bracket belongs to the address only if it was opened in it.
  while (text.endsWith(')') && text.split(')').length > text.split('(').length) {
    text = text.slice(0, -1).replace(TRAILING, '');
  }
  return text;
}

/** An address with a name or password in it is a disguise more often than a link: it stays text. */
function parse(text: string): { url: string; host: string } | null {
  try {
    const { href, host, username, password } = new URL(text);
    return username || password ? null : { url: href, host };
  } catch {
    return null;
  }
}

const EMOJI = String.raw`(?:\p{RI}\p{RI}|[\d#*]\uFE0F?\u20E3|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{EMod}?(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{EMod}?)*[\u{E0020}-\u{E007F}]*)`;
const FEW_EMOJI = new RegExp(`^${EMOJI}(?: ?${EMOJI}){0,2}$`, 'u');

/** One to three emoji and nothing else are drawn big. */
export function isBigEmoji(content: string): boolean {
  return content.length <= 64 && FEW_EMOJI.test(content);
}
