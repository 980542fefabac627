import type { Language } from '../i18n/language';
import { isWebAddress, type Telegram } from './telegram';

const nothing = () => () => {};

/** A plain browser without a Telegram client around it; a developer's launch has initData all the same. */
export function browserOnly(
  launch: { initData: string; userId: number | null; theme: Telegram['theme'] },
  language: () => Language,
): Telegram {
  return {
    ...launch,
    inside: false,
    canClose: false,
    language,
    deviceInfo: 'Browser',
    secrets: null,
    onVisibility(listener) {
      const changed = () => listener(document.visibilityState === 'visible');
      document.addEventListener('visibilitychange', changed);
      return () => document.removeEventListener('visibilitychange', changed);
    },
    ready() {},
    close() {},
    showBack() {},
    onBack: nothing,
    haptic() {},
    openLink(url) {
      if (isWebAddress(url)) window.open(url, '_blank', 'noopener,noreferrer');
    },
    paint() {},
    onTheme: nothing,
    onInsets: nothing,
    onHeight: nothing,
  };
}
