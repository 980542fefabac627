import { type ReactNode, startTransition, useCallback, useMemo, useState } from 'react';
import type { en } from './en';
import { createLocale, LocaleContext, loadMessages } from './index';
import { type Language, rememberLanguage } from './language';
import type { Messages } from './messages';

/** Begins in the language of the page, and changes it for everything inside when somebody chooses another. */
export function LocaleProvider({
  language,
  messages,
  children,
}: {
  language: Language;
  messages: Messages<typeof en>;
  children: ReactNode;
}) {
  const [now, setNow] = useState({ language, messages });
  const choose = useCallback(async (next: Language) => {
    const messages = await loadMessages(next);
    rememberLanguage(next);
    document.documentElement.lang = next;
    // Screens whose texts are still on their way stay as they are until those have come.
    startTransition(() => setNow({ language: next, messages }));
  }, []);
  const locale = useMemo(() => createLocale(now.language, now.messages, choose), [now, choose]);
  return <LocaleContext value={locale}>{children}</LocaleContext>;
}
