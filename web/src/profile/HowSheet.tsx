import { useLocale } from '../i18n';
import { Sheet } from '../ui/Dialog';
import { Fact } from './Welcome';

/** The promise, word by word, always next to what it does not cover. */
export default function HowSheet({ onClose }: { onClose: () => void }) {
  const { t } = useLocale();
  return (
    <Sheet label={t('how.title')} title={t('how.title')} onClose={onClose}>
      {() => (
        <>
          <div className="group-h">{t('how.promise')}</div>
          <div className="group pad">
            <Fact icon="eyeoff" text={t('how.others')} />
            <Fact icon="lock" text={t('how.thief')} />
          </div>
          <div className="group-h">{t('how.limits')}</div>
          <div className="group pad">
            <Fact icon="key" text={t('how.operator')} />
            <Fact icon="plane" text={t('how.telegram')} />
            <Fact icon="globe" text={t('how.network')} />
            <Fact icon="mask" text={t('how.style')} />
          </div>
          <div className="group-h">{t('how.see')}</div>
          <p className="group-f">{t('how.traffic')}</p>
        </>
      )}
    </Sheet>
  );
}
