/**
 * How Telegram opened the page: what it put into the address, read once.
 * Nothing here throws: a launch that cannot be read is a launch outside Telegram.
 */
import type { ThemeParams } from '../styles/theme';

/** Where the boot script keeps the raw parameters of this tab's launch. */
export const LAUNCH_KEY = 'maska.launch';
/** Where the colours of the last `theme_changed` of this tab lie, for a reload. */
export const THEME_KEY = 'maska.theme';

export interface Launch {
  /** Raw, still signed; empty outside Telegram. Never shown, logged or kept beyond the tab. */
  initData: string;
  /** Bot API version of the client, such as `9.1`; empty outside Telegram. */
  version: string;
  /** `android`, `ios`, `macos`, `tdesktop`, `web`, `weba`; others are treated as unknown. */
  platform: string;
  theme: ThemeParams;
}

/**
 * The launch parameters inside a fragment, or '' when there are none. An app address with a fragment
 * of its own gets them appended behind `?` or `&`.
 */
export function launchPart(hash: string): string {
  const at = hash.search(/[#?&]tgWebApp/);
  return at < 0 ? '' : hash.slice(at + 1);
}

export function parseLaunch(raw: string): Launch {
  const params = new URLSearchParams(raw);
  return {
    initData: params.get('tgWebAppData') ?? '',
    version: params.get('tgWebAppVersion') ?? '',
    platform: params.get('tgWebAppPlatform') ?? '',
    theme: parseTheme(params.get('tgWebAppThemeParams')),
  };
}

export function parseTheme(json: string | null | undefined): ThemeParams {
  const value = parseObject(json);
  return value ?? {};
}

/** Who opens the app, as far as the page itself needs it; the server trusts only the signature. */
export function launchUser(initData: string): { id: number | null; language: string } {
  const user = parseObject(new URLSearchParams(initData).get('user'));
  return {
    id: typeof user?.id === 'number' && Number.isSafeInteger(user.id) ? user.id : null,
    language: typeof user?.language_code === 'string' ? user.language_code : '',
  };
}

/** Telegram for Android says in its user agent how strong the device is; only LOW changes anything. */
export function isLowPerformance(userAgent: string): boolean {
  return /\bTelegram-Android\/[^(]*\([^)]*;\s*LOW\)/.test(userAgent);
}

function parseObject(json: string | null | undefined): Record<string, unknown> | null {
  if (!json) return null;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
