import type { BootWindow } from '../app/boot';
import { LANGUAGES, type Language } from '../i18n/language';
import { browserOnly } from './browser';
import { inTelegram } from './client';
import { launchUser, parseLaunch } from './launch';
import { openProtocol } from './protocol';
import type { Telegram } from './telegram';

export type { Haptic, Insets, Telegram } from './telegram';

/** Reads the launch that the boot script found and connects to the client, if there is one. */
export function connectTelegram(): Telegram {
  const launch = parseLaunch((window as BootWindow).maskaLaunch ?? '');
  const { id } = launchUser(launch.initData);
  const protocol = launch.version ? openProtocol(window) : null;
  if (protocol) return inTelegram(protocol, launch, id, pageLanguage);
  return browserOnly({ initData: launch.initData, userId: id, theme: launch.theme }, pageLanguage);
}

/** The language that the boot script chose. */
export function pageLanguage(): Language {
  return LANGUAGES.find((language) => language === document.documentElement.lang) ?? 'en';
}
