import { act, configure, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type ReactNode, Suspense } from 'react';
import { loadTexts } from '../account/texts';
import { BackProvider } from '../app/back';
import { TelegramContext } from '../app/TelegramContext';
import { createLocale, type Locale, LocaleContext } from '../i18n';
import { en } from '../i18n/en';
import type { Telegram } from '../telegram';
import { browserOnly } from '../telegram/browser';

// Lazy screens are compiled when they are first asked for.
configure({ asyncUtilTimeout: 10_000 });

export const english: Locale = createLocale('en', en);

export const plainBrowser = (): Telegram => browserOnly({ initData: '', userId: null, theme: {} }, () => 'en');

/** Draws a part of the app in English, in a plain browser unless told otherwise. */
export function show(node: ReactNode, telegram: Telegram = plainBrowser()) {
  const around = ({ children }: { children: ReactNode }) => (
    <LocaleContext value={english}>
      <TelegramContext value={telegram}>
        <BackProvider>
          <Suspense>{children}</Suspense>
        </BackProvider>
      </TelegramContext>
    </LocaleContext>
  );
  // Without pauses between keys: a machine under load makes each of them long.
  return { user: userEvent.setup({ delay: null }), ...render(node, { wrapper: around }) };
}

/** The same for what needs the account's texts first. */
export async function showAccount(node: ReactNode, telegram: Telegram = plainBrowser()) {
  await loadTexts('en');
  let shown: ReturnType<typeof show> | undefined;
  await act(async () => {
    shown = show(node, telegram);
  });
  if (!shown) throw new Error('nothing was drawn');
  return shown;
}
