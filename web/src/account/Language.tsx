import { useLocale } from '../i18n';
import { LANGUAGES, type Language as Name } from '../i18n/language';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import { Problem } from './Form';
import { loadTexts, useTexts } from './texts';

/** Each language by its own name. */
export const NAMES: Readonly<Record<Name, string>> = { zh: '简体中文', ru: 'Русский', en: 'English' };

/** The language of the app on this device, at once, and of letters and other devices, by the account. */
export function Language() {
  const t = useTexts();
  const { language, choose } = useLocale();
  const { api, setUser } = useAccount();
  const act = useAct();
  const pick = async (next: Name) => {
    await Promise.all([choose(next), loadTexts(next)]);
    await act.run(async () => setUser(await api.profile({ language: next })));
  };
  return (
    <>
      <h2 className="group-h" id="language">
        {t('language.title')}
      </h2>
      <div className="group" role="radiogroup" aria-labelledby="language">
        {[...LANGUAGES].reverse().map((name) => (
          <label key={name} className="li flush press" lang={name}>
            <span className="li-t">
              <b>{NAMES[name]}</b>
            </span>
            <input
              type="radio"
              className="radio"
              name="language"
              checked={name === language}
              onChange={() => void pick(name)}
            />
          </label>
        ))}
      </div>
      <Problem act={act} />
    </>
  );
}
