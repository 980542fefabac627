/** All of the settings: one page over the room whose place is the path. */
import { lazy, type ReactNode, Suspense } from 'react';
import { useLocale } from '../i18n';
import { AccountProvider } from './AccountContext';
import './account.css';
import { Erase } from './Erase';
import { Journal } from './Journal';
import { LinkEmail } from './LinkEmail';
import { Linked } from './Linked';
import { Overview } from './Overview';
import { Password } from './Password';
import { type Place, placeOf } from './places';
import { Screen } from './Screen';
import { Stored } from './Stored';
import { type AccountText, useTexts } from './texts';

/** Brings the code for QR pictures with it. */
const Factor = lazy(() => import('./Factor'));

export interface Ways {
  open: (path: string) => void;
  /** One step up. */
  up: () => void;
}

export default function Settings({ path, ways }: { path: string; ways: Ways }) {
  const t = useTexts();
  const place = placeOf(path);
  return (
    <Screen title={titleOf(t, place)} place={place} onUp={ways.up}>
      <AccountProvider>
        <Suspense fallback={<Loading />}>{contentOf(place, ways)}</Suspense>
      </AccountProvider>
    </Screen>
  );
}

function contentOf(place: Place, ways: Ways): ReactNode {
  switch (place) {
    case 'overview':
      return <Overview onOpen={ways.open} />;
    case 'account':
      return <Linked onOpen={ways.open} />;
    case 'stored':
      return <Stored />;
    case 'journal':
      return <Journal />;
    case 'erase':
      return <Erase />;
    case 'email':
      return <LinkEmail onDone={ways.up} />;
    case 'password':
      return <Password onDone={ways.up} />;
    case 'factor':
      return <Factor />;
  }
}

function titleOf(t: AccountText, place: Place): string {
  switch (place) {
    case 'overview':
      return t('settings.title');
    case 'account':
      return t('account.title');
    case 'stored':
      return t('stored.title');
    case 'journal':
      return t('journal.title');
    case 'erase':
      return t('erase.title');
    case 'email':
      return t('email.title');
    case 'password':
      return t('password.title');
    case 'factor':
      return t('factor.title');
  }
}

export function Loading() {
  const { t } = useLocale();
  return (
    <div role="status">
      <div className="spinner" />
      <span className="vh">{t('room.connecting')}</span>
    </div>
  );
}
