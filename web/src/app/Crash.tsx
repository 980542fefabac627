import { Component, type ReactNode } from 'react';
import { useLocale } from '../i18n';
import { Page } from './Page';

/** Catches what a screen throws: a page with a way on, never a blank one. */
export class Crash extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const { t } = useLocale();
  return (
    <Page title={t('crash.title')} text={t('crash.text')}>
      <button type="button" className="btn" onClick={() => location.reload()}>
        {t('crash.reload')}
      </button>
    </Page>
  );
}
