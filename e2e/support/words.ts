/** The app's own texts, so that tests find things by the names that people read. */

import { en } from '../../web/src/i18n/en.ts';
import { createLocale } from '../../web/src/i18n/index.ts';
import { ru } from '../../web/src/i18n/ru.ts';
import { zh } from '../../web/src/i18n/zh.ts';

export const locales = {
  en: createLocale('en', en),
  ru: createLocale('ru', ru),
  zh: createLocale('zh', zh),
};

export type Translate = (typeof locales)['en']['t'];

/** The English texts; most people under test speak English. */
export const t: Translate = locales.en.t;
