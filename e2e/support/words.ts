/** The app's own texts, so that tests find things by the names that people read. */

import { en as enAccount } from '../../web/src/account/texts/en.ts';
import { ru as ruAccount } from '../../web/src/account/texts/ru.ts';
import { zh as zhAccount } from '../../web/src/account/texts/zh.ts';
import { en } from '../../web/src/i18n/en.ts';
import { createLocale, createTexts } from '../../web/src/i18n/index.ts';
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

/** The texts of the account's screens. */
export const accountTexts = {
  en: createTexts<typeof enAccount>('en', enAccount),
  ru: createTexts<typeof enAccount>('ru', ruAccount),
  zh: createTexts<typeof enAccount>('zh', zhAccount),
};

export const a: (typeof accountTexts)['en'] = accountTexts.en;
