import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyTheme, contrast, READABLE, themeVars } from './theme';

const NIGHT = {
  bg_color: '#17212b',
  secondary_bg_color: '#232e3c',
  section_bg_color: '#17212b',
  text_color: '#f5f5f5',
  hint_color: '#708499',
  link_color: '#6ab3f3',
  button_color: '#5288c1',
  button_text_color: '#ffffff',
  destructive_text_color: '#ec3942',
};

test('the fallback colours are what the design says', () => {
  const { mode, tokens } = themeVars();
  expect(mode).toBe('light');
  expect(tokens).toMatchObject({
    '--accent': '#1a68bd',
    '--dye': '#435fe3',
    '--bubble-in': '#ffffff',
    '--bubble-own': '#e1e5fb',
    '--wall-a': '#bdd2eb',
    '--wall-b': '#cbccf5',
    '--pill': '#f4f8fc',
    '--n0': '#bf2c3c',
  });
  const night = themeVars({}, 'dark');
  expect(night.mode).toBe('dark');
  expect(night.tokens).toMatchObject({ '--bubble-in': '#27313d', '--pill': '#1a2532' });
});

test('the mode comes from the luminance of bg_color, not from the system', () => {
  expect(themeVars(NIGHT, 'light').mode).toBe('dark');
  expect(themeVars({ bg_color: '#ffffff' }, 'dark').mode).toBe('light');
});

test('only #rrggbb is believed', () => {
  const odd = { bg_color: 'black', text_color: 'url(//evil)', button_color: '#12', hint_color: 7, link_color: null };
  expect(themeVars(odd)).toEqual(themeVars());
});

test('a pale ink of Telegram is drawn towards the text until it reads', () => {
  const { tokens } = themeVars({ bg_color: '#ffffff', link_color: '#b9dcff' });
  expect(contrast(tokens['--accent'] ?? '', '#ffffff')).toBeGreaterThanOrEqual(READABLE);
});

test('a theme is written on <html> as custom properties', () => {
  applyTheme(themeVars(NIGHT), document.documentElement);
  expect(document.documentElement.dataset.theme).toBe('dark');
  expect(document.documentElement.style.getPropertyValue('--bg')).toBe('#17212b');
});

// Grounds as themes have them: near white or near black, with any hue in them.
const channel = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((n) => n.toString(16).padStart(2, '0'));
const colour = (from: number, to: number) =>
  fc.tuple(channel(from, to), channel(from, to), channel(from, to)).map((c) => `#${c.join('')}`);
const any = colour(0, 255);
const themeOf = (ground: fc.Arbitrary<string>, text: fc.Arbitrary<string>) =>
  fc.record({
    bg_color: ground,
    secondary_bg_color: ground,
    section_bg_color: ground,
    header_bg_color: ground,
    bottom_bar_bg_color: ground,
    text_color: text,
    hint_color: any,
    link_color: any,
    accent_text_color: any,
    section_header_text_color: any,
    destructive_text_color: any,
    button_color: any,
    button_text_color: any,
  });
const themes = fc.oneof(themeOf(colour(225, 255), colour(0, 25)), themeOf(colour(0, 32), colour(235, 255)));

test('whatever inks a theme brings, every text reads on every ground it stands on', () => {
  const on: Record<string, readonly string[]> = {
    '--hint': ['--bg', '--secondary', '--section', '--header', '--bottom', '--bubble-in'],
    '--accent': ['--bg', '--secondary', '--section', '--header', '--bottom', '--bubble-in', '--button-soft'],
    '--danger': ['--bg', '--section', '--secondary', '--pill'],
    '--section-head': ['--secondary', '--section'],
    '--meta-own': ['--bubble-own'],
    '--link-own': ['--bubble-own'],
    '--tick': ['--bubble-own'],
    '--pill-text': ['--pill'],
    '--button-text': ['--button'],
    '--danger-text': ['--danger'],
  };
  for (let n = 0; n < 12; n++) on[`--n${n}`] = ['--bubble-in', '--bubble-own', '--section', '--header', '--bg'];
  fc.assert(
    fc.property(themes, (params) => {
      const { tokens } = themeVars(params);
      const get = (name: string) => tokens[name as `--${string}`] ?? '';
      for (const [ink, grounds] of Object.entries(on)) {
        for (const ground of grounds) {
          expect(contrast(get(ink), get(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(READABLE);
        }
      }
    }),
    { numRuns: 300 },
  );
});
