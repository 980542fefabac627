/**
 * From Telegram's theme to ours. Pure: `themeVars(params)` gives the mode and every colour token.
 * Boot writes them on <html> before the first paint, and again on every `theme_changed`.
 *
 * Every colour of the app comes from here, mixed ones too, so that web views without `color-mix`
 * look the same. An ink that would fall below 4.5 : 1 on a ground it stands on is drawn towards the
 * text colour until it reads; a good theme passes untouched.
 */

export type Mode = 'light' | 'dark';
/** `tgWebAppThemeParams`: names with underscores, colours `#rrggbb`; anything else is not believed. */
export type ThemeParams = Readonly<Record<string, unknown>>;
export type Tokens = Readonly<Record<`--${string}`, string>>;

export interface Theme {
  mode: Mode;
  tokens: Tokens;
}

/** WCAG 2.2, 1.4.3: the least contrast of text with its ground. */
export const READABLE = 4.5;

const NICKNAMES = {
  light: '#bf2c3c #a9440c #815300 #4d6710 #17713f #0b6d68 #0d658f #2456c4 #5340cc #7a30bf #a42682 #4a5d73'.split(' '),
  dark: '#ff9d94 #ffb27a #f5c75b #bfd96e #7fdc9b #63dccb #74d3f5 #9cc3ff #bdb7ff #d8b0ff #f8a6e0 #b9c7d6'.split(' '),
};

const FALLBACK = {
  light: {
    bg: '#ffffff',
    secondary: '#eff1f6',
    section: '#ffffff',
    text: '#12161c',
    hint: '#66707d',
    link: '#1a68bd',
    button: '#1f6fc9',
    danger: '#c62b34',
  },
  dark: {
    bg: '#17202a',
    secondary: '#0f161e',
    section: '#1c2733',
    text: '#f3f6fa',
    hint: '#93a1b1',
    link: '#74b6ff',
    button: '#3273c4',
    danger: '#ff8a85',
  },
};

/** The one colour that is Maska's own; never seen pure, only mixed in. */
const VELVET = '#6a4dff';

type RGB = readonly [number, number, number];

function rgb(hex: string): RGB {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

function mix(a: string, share: number, b: string): string {
  const [x, y] = [rgb(a), rgb(b)];
  const channel = (i: 0 | 1 | 2) =>
    Math.round(x[i] * share + y[i] * (1 - share))
      .toString(16)
      .padStart(2, '0');
  return `#${channel(0)}${channel(1)}${channel(2)}`;
}

function veil(hex: string, alpha: number): string {
  return `rgba(${rgb(hex).join(', ')}, ${alpha})`;
}

function luminance(hex: string): number {
  const [r, g, b] = rgb(hex).map((v) =>
    v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast of two `#rrggbb` colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function readable(ink: string, text: string, grounds: readonly string[]): string {
  for (let percent = 0; percent < 100; percent += 5) {
    const candidate = mix(text, percent / 100, ink);
    if (grounds.every((ground) => contrast(candidate, ground) >= READABLE)) return candidate;
  }
  return text;
}

/** A button keeps its text and shifts its ground a little; only a hopeless pair gets other text. */
function buttonPair(ground: string, ink: string): [ground: string, ink: string] {
  const away = luminance(ink) > 0.4 ? '#000000' : '#ffffff';
  for (let percent = 0; percent <= 30; percent += 3) {
    const shifted = mix(away, percent / 100, ground);
    if (contrast(ink, shifted) >= READABLE) return [shifted, ink];
  }
  return [ground, contrast('#ffffff', ground) > contrast('#000000', ground) ? '#ffffff' : '#000000'];
}

function isColour(value: unknown): value is string {
  return typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value);
}

/** `preferred` is the system's mode, for when there is no Telegram to say. */
export function themeVars(params: ThemeParams = {}, preferred: Mode = 'light'): Theme {
  const given = (name: string) => {
    const value = params[name];
    return isColour(value) ? value : undefined;
  };
  const ground = given('bg_color');
  const mode: Mode = ground ? (luminance(ground) < 0.2 ? 'dark' : 'light') : preferred;
  const fallback = FALLBACK[mode];
  const dark = mode === 'dark';

  const bg = ground ?? fallback.bg;
  const secondary = given('secondary_bg_color') ?? fallback.secondary;
  const text = given('text_color') ?? fallback.text;
  const section = given('section_bg_color') ?? ground ?? fallback.section;
  const header = given('header_bg_color') ?? bg;
  const bottom = given('bottom_bar_bg_color') ?? header;
  const link = given('link_color') ?? fallback.link;
  const [button, buttonText] = buttonPair(
    given('button_color') ?? fallback.button,
    given('button_text_color') ?? '#ffffff',
  );

  const dye = mix(button, 0.52, VELVET);
  const bubbleIn = mix(text, dark ? 0.05 : 0, section);
  const bubbleOwn = mix(dye, dark ? 0.44 : 0.16, section);
  const wallA = mix(button, dark ? 0.08 : 0.24, secondary);
  const wallB = mix(mix(VELVET, 0.76, button), dark ? 0.08 : 0.24, secondary);
  const pill = mix(section, 0.84, wallA);
  const fillBottom = mix(text, 0.06, bottom);
  const buttonSoft = mix(button, 0.11, section);

  const cards = [bg, secondary, section, header, bottom, bubbleIn, fillBottom];
  const ink = (colour: string, more: readonly string[] = []) => readable(colour, text, [...cards, ...more]);
  const accent = ink(given('accent_text_color') ?? link, [
    buttonSoft,
    mix(button, 0.12, section),
    mix(button, 0.12, bubbleIn),
  ]);
  const danger = ink(given('destructive_text_color') ?? fallback.danger, [pill]);

  const tokens: Record<`--${string}`, string> = {
    '--bg': bg,
    '--secondary': secondary,
    '--section': section,
    '--header': header,
    '--bottom': bottom,
    '--text': text,
    '--hint': ink(given('hint_color') ?? fallback.hint),
    '--link': ink(link),
    '--accent': accent,
    '--section-head': ink(given('section_header_text_color') ?? link),
    '--danger': danger,
    '--danger-text': contrast(bg, danger) >= READABLE ? bg : text,
    '--button': button,
    '--button-text': buttonText,
    '--button-soft': buttonSoft,
    '--velvet': VELVET,
    '--dye': dye,
    '--emblem-a': mix(dye, 0.72, '#ffffff'),
    '--emblem-b': mix(dye, 0.92, '#000000'),
    '--bubble-in': bubbleIn,
    '--bubble-own': bubbleOwn,
    '--meta-own': readable(mix(text, 0.66, bubbleOwn), text, [bubbleOwn]),
    '--link-own': readable(mix(accent, 0.78, text), text, [bubbleOwn]),
    '--tick': readable(accent, text, [bubbleOwn]),
    '--quote-own': mix(section, 0.48, bubbleOwn),
    '--wall-a': wallA,
    '--wall-b': wallB,
    '--wall-ink': veil(dye, 0.22),
    '--pill': pill,
    '--pill-text': readable(mix(text, 0.78, pill), text, [pill]),
    '--tint': veil(button, 0.12),
    '--fill': veil(text, 0.06),
    '--line': veil(text, 0.11),
    '--edge': veil(fallback.hint, 0.55),
    '--bone': mix(text, 0.09, section),
    '--bone-in': mix(dye, 0.13, bubbleIn),
    '--bone-own': mix(dye, 0.22, bubbleOwn),
    '--bone-shine': veil(section, 0.6),
    '--halo': veil(dye, 0.34),
  };
  NICKNAMES[mode].forEach((colour, n) => {
    tokens[`--n${n}`] = readable(colour, text, [bubbleIn, bubbleOwn, section, header, bg]);
    tokens[`--q${n}`] = mix(colour, 0.09, bubbleIn);
  });
  return { mode, tokens };
}

/** Writes a theme on <html>; nothing is mounted again. */
export function applyTheme({ mode, tokens }: Theme, root: HTMLElement): void {
  root.dataset.theme = mode;
  root.style.colorScheme = mode;
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(name, value);
}
