/** The texts of the account's screens: catalogues of their own, because the first screen needs none of them. */
import { use } from 'react';
import { createTexts, type Language, type Translate, useLocale } from '../../i18n';
import type { en } from './en';

export type AccountKey = keyof typeof en;
export type AccountText = Translate<typeof en>;

async function load(language: Language): Promise<AccountText> {
  switch (language) {
    case 'ru':
      return createTexts<typeof en>(language, (await import('./ru')).ru);
    case 'zh':
      return createTexts<typeof en>(language, (await import('./zh')).zh);
    case 'en':
      return createTexts<typeof en>(language, (await import('./en')).en);
  }
}

const loading = new Map<Language, Promise<AccountText>>();

/** A catalogue that could not be had is asked for again the next time. */
export function loadTexts(language: Language): Promise<AccountText> {
  let texts = loading.get(language);
  if (!texts) {
    texts = load(language);
    texts.catch(() => loading.delete(language));
    loading.set(language, texts);
  }
  return texts;
}

/** Suspends while the catalogue of the present language is on its way. */
export function useTexts(): AccountText {
  return use(loadTexts(useLocale().language));
}
