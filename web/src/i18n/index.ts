import { createContext, useContext } from 'react';
import type { Language } from './language';
import type { Arguments, Key, Messages, Text } from './messages';

export type { Language } from './language';
export type { Key } from './messages';

export interface Locale {
  language: Language;
  /** The text of a key: `t('composer.left', { n: 12 })`. */
  t<K extends Key>(key: K, ...values: Arguments<K>): string;
  /** `04:12`, or as the language writes it. */
  time(at: number): string;
  /** Today, yesterday, or a date; days are those of the viewer's zone. */
  day(at: number, now: number): string;
}

export function createLocale(language: Language, messages: Messages): Locale {
  const region = language === 'en' ? 'en-GB' : language;
  const plural = new Intl.PluralRules(region);
  const numbers = new Intl.NumberFormat(region);
  // Formatter objects cost more to make than to use, and every bubble has a time.
  const times = new Intl.DateTimeFormat(region, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const dates = new Intl.DateTimeFormat(region, { day: 'numeric', month: 'long' });
  const years = new Intl.DateTimeFormat(region, { day: 'numeric', month: 'long', year: 'numeric' });

  const choose = (text: Text, n: unknown) =>
    typeof text === 'string' ? text : (text[plural.select(Number(n))] ?? text.other);

  const t: Locale['t'] = (key, ...values) => {
    const given: Readonly<Record<string, string | number>> = values[0] ?? {};
    return choose(messages[key], given.n).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = given[name];
      return typeof value === 'number' ? numbers.format(value) : (value ?? '');
    });
  };

  return {
    language,
    t,
    time: (at) => times.format(at),
    day(at, now) {
      const [date, today] = [new Date(at), new Date(now)];
      const distance = Math.round((midnight(today) - midnight(date)) / 86_400_000);
      if (distance === 0) return t('day.today');
      if (distance === 1) return t('day.yesterday');
      return (date.getFullYear() === today.getFullYear() ? dates : years).format(date);
    },
  };
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Each language is a chunk of its own. */
export async function loadLocale(language: Language): Promise<Locale> {
  switch (language) {
    case 'ru':
      return createLocale(language, (await import('./ru')).ru);
    case 'zh':
      return createLocale(language, (await import('./zh')).zh);
    case 'en':
      return createLocale(language, (await import('./en')).en);
  }
}

export const LocaleContext = createContext<Locale | null>(null);

export function useLocale(): Locale {
  const locale = useContext(LocaleContext);
  if (!locale) throw new Error('no locale around this component');
  return locale;
}
