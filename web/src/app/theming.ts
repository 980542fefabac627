import { applyTheme, type ThemeParams, themeVars } from '../styles/theme';
import type { Telegram } from '../telegram';
import { THEME_KEY } from '../telegram/launch';

/** Follows Telegram's theme while the app is open; without Telegram, the system's light and dark. */
export function followTheme(telegram: Telegram, window: Window): () => void {
  const root = window.document.documentElement;
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  let params: ThemeParams = telegram.theme;

  const paint = () => {
    const { tokens } = themeVars(params, system.matches ? 'dark' : 'light');
    const of = (name: `--${string}`) => tokens[name] ?? '';
    telegram.paint({ header: of('--header'), background: of('--secondary'), bottom: of('--bottom') });
  };
  const change = () => {
    applyTheme(themeVars(params, system.matches ? 'dark' : 'light'), root);
    paint();
  };

  paint();
  system.addEventListener('change', change);
  const off = telegram.onTheme((theme) => {
    params = theme;
    remember(window, theme);
    change();
  });
  return () => {
    system.removeEventListener('change', change);
    off();
  };
}

/** A reload must not flash the colours of the launch. */
function remember(window: Window, theme: ThemeParams): void {
  try {
    window.sessionStorage.setItem(THEME_KEY, JSON.stringify(theme));
  } catch {
    // storage is refused: a reload starts with the launch's colours
  }
}
