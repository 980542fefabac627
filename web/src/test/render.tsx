import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { BackProvider } from '../app/back';
import { TelegramContext } from '../app/TelegramContext';
import { createLocale, type Locale, LocaleContext } from '../i18n';
import { en } from '../i18n/en';
import type { Telegram } from '../telegram';
import { browserOnly } from '../telegram/browser';

export const english: Locale = createLocale('en', en);

export const plainBrowser = (): Telegram => browserOnly({ initData: '', userId: null, theme: {} }, () => 'en');

/** Draws a part of the app in English, in a plain browser unless told otherwise. */
export function show(node: ReactNode, telegram: Telegram = plainBrowser()) {
  const around = ({ children }: { children: ReactNode }) => (
    <LocaleContext value={english}>
      <TelegramContext value={telegram}>
        <BackProvider>{children}</BackProvider>
      </TelegramContext>
    </LocaleContext>
  );
  return { user: userEvent.setup(), ...render(node, { wrapper: around }) };
}
