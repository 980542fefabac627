/**
 * Runs inline in the page, before the first paint and before any other script: takes the launch
 * parameters out of the address, paints the skeleton in Telegram's colours and in the person's
 * language. The build puts it into index.html and dev.html and its hash into the server's policy.
 */
import { chosenLanguage, pickLanguage } from '../i18n/language';
import { applyTheme, type ThemeParams, themeVars } from '../styles/theme';
import {
  isLowPerformance,
  LAUNCH_KEY,
  launchPart,
  launchUser,
  parseLaunch,
  parseTheme,
  THEME_KEY,
} from '../telegram/launch';
import { issuerOf, mailLinkOf, tokenIn } from './mailLink';

/** For web views that refuse storage: what would have been kept there. */
export interface BootWindow extends Window {
  maskaLaunch?: string;
}

export function boot(window: BootWindow): void {
  const { document, location, navigator } = window;
  const root = document.documentElement;

  const fresh = launchPart(location.hash);
  takeToken(window);
  const raw = fresh || stored(window, LAUNCH_KEY);
  window.maskaLaunch = raw;
  if (fresh) {
    keep(window, LAUNCH_KEY, fresh);
    keep(window, THEME_KEY, '');
    cleanAddress(window);
  }

  const launch = parseLaunch(raw);
  const changed = stored(window, THEME_KEY);
  const theme: ThemeParams = changed ? parseTheme(changed) : launch.theme;
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  applyTheme(themeVars(theme, dark ? 'dark' : 'light'), root);

  root.lang = pickLanguage([chosenLanguage(), launchUser(launch.initData).language, ...navigator.languages]);
  if (isLowPerformance(navigator.userAgent)) root.dataset.performance = 'low';
}

/** The same for the token of a link in a letter, and for Telegram's word about a sign-in outside of it. */
function takeToken({ location, history }: Window): void {
  const told = /^#tgAuthResult=([\w-]+)=*$/.exec(location.hash)?.[1];
  if (mailLinkOf(location.pathname) && location.hash) {
    history.replaceState({ token: tokenIn(location.hash) }, '', location.pathname);
  } else if (issuerOf(location.pathname) && location.hash) {
    history.replaceState({ issued: location.hash.slice(1) }, '', location.pathname);
  } else if (told) {
    history.replaceState({ tgAuthResult: told }, '', location.pathname);
  }
}

/** Launch data must not stay where referrers, screenshots and bookmarks take it from. */
function cleanAddress({ location, history }: Window): void {
  const query = new URLSearchParams(location.search);
  query.delete('tgWebAppStartParam');
  const rest = query.toString();
  history.replaceState(history.state, '', location.pathname + (rest ? `?${rest}` : ''));
}

function stored(window: Window, key: string): string {
  try {
    return window.sessionStorage.getItem(key) ?? '';
  } catch {
    return ''; // storage is refused in a third-party frame with strict settings
  }
}

function keep(window: Window, key: string, value: string): void {
  try {
    window.sessionStorage.setItem(key, value);
  } catch {
    // as above; maskaLaunch carries the launch until the page goes
  }
}
