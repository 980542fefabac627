import type { Platform } from '../chat/platform';
import type { Language } from '../i18n/language';
import type { ThemeParams } from '../styles/theme';

export type Haptic = 'tap' | 'selection' | 'success' | 'error';

/** Pixels that the device and Telegram's own controls cover at each edge. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/**
 * What the app asks of Telegram. Nothing waits for an answer: a client that is old, silent or absent
 * changes nothing but comfort.
 */
export interface Telegram extends Platform {
  language(): Language;
  /** Whether a Telegram client draws its bar above the page. Without one the app draws its own Back. */
  readonly inside: boolean;
  /** The theme of the launch. */
  readonly theme: ThemeParams;
  /** Tells the client that something useful is on the screen. */
  ready(): void;
  close(): void;
  /** Whether `close` can do anything. */
  readonly canClose: boolean;
  showBack(visible: boolean): void;
  onBack(listener: () => void): () => void;
  haptic(kind: Haptic): void;
  /** Opens an http(s) address outside of the app. Call it in the click itself, never after an await. */
  openLink(url: string): void;
  /** The colours of Telegram's bars around the page, `#rrggbb`. */
  paint(colours: { header: string; background: string; bottom: string }): void;
  onTheme(listener: (theme: ThemeParams) => void): () => void;
  onInsets(listener: (insets: Insets) => void): () => void;
  /** The height that is left of the page, in pixels, once it has settled; phones only. */
  onHeight(listener: (height: number) => void): () => void;
}

/** Addresses we are willing to open; everything else stays text. */
export function isWebAddress(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
}
