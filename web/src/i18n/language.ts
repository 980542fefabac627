/** The languages of the app. */
export const LANGUAGES = ['en', 'ru', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Where this device keeps the language that somebody chose on it. */
const CHOSEN = 'maska.language';

/** The first wish that we speak, by its primary subtag (RFC 5646); English when there is none. */
export function pickLanguage(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const primary = wish.toLowerCase().split(/[-_]/)[0];
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return 'en';
}

/** The language chosen on this device; '' when nobody has chosen, or where storage is refused. */
export function chosenLanguage(): string {
  try {
    return localStorage.getItem(CHOSEN) ?? '';
  } catch {
    return '';
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(CHOSEN, language);
  } catch {
    // the choice lasts as long as the page
  }
}
