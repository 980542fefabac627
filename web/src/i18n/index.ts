import { createContext, useContext } from 'react';
import type { en } from './en';
import type { Language } from './language';
import type { Messages, Text, Translate } from './messages';

export type { Language } from './language';
export type { Translate } from './messages';

export interface Locale {
  language: Language;
  t: Translate<typeof en>;
  /** `04:12`, or as the language writes it. */
  time(at: number): string;
  /** Today, yesterday, or a date; days are those of the viewer's zone. */
  day(at: number, now: number): string;
  /** Has the whole app speak another language, and this device remember it. */
  choose(language: Language): Promise<void>;
}

/** The tag for Intl: days and numbers as Britain writes them. */
const regionOf = (language: Language): string => (language === 'en' ? 'en-GB' : language);

/** Makes the texts of one catalogue callable. */
export function createTexts<M extends Messages<M>>(language: Language, messages: Messages<M>): Translate<M> {
  const plural = new Intl.PluralRules(regionOf(language));
  const numbers = new Intl.NumberFormat(regionOf(language));
  const pick = (text: Text, n: unknown) =>
    typeof text === 'string' ? text : (text[plural.select(Number(n))] ?? text.other);

  return (key, ...values) => {
    const given: Readonly<Record<string, string | number>> = values[0] ?? {};
    return pick(messages[key], given.n).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = given[name];
      return typeof value === 'number' ? numbers.format(value) : (value ?? '');
    });
  };
}

export function createLocale(language: Language, messages: Messages<typeof en>, choose?: Locale['choose']): Locale {
  const region = regionOf(language);
  // Formatter objects cost more to make than to use, and every bubble has a time.
  const times = new Intl.DateTimeFormat(region, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const dates = new Intl.DateTimeFormat(region, { day: 'numeric', month: 'long' });
  const years = new Intl.DateTimeFormat(region, { day: 'numeric', month: 'long', year: 'numeric' });
  const t = createTexts<typeof en>(language, messages);

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
    choose: choose ?? (async () => {}),
  };
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Each language is a chunk of its own. */
export async function loadMessages(language: Language): Promise<Messages<typeof en>> {
  switch (language) {
    case 'ru':
      return (await import('./ru')).ru;
    case 'zh':
      return (await import('./zh')).zh;
    case 'en':
      return (await import('./en')).en;
  }
}

export const LocaleContext = createContext<Locale | null>(null);

export function useLocale(): Locale {
  const locale = useContext(LocaleContext);
  if (!locale) throw new Error('no locale around this component');
  return locale;
}
