import { useState } from 'react';
import { Content, hue } from '../chat/Bubble';
import type { Profile } from '../chat/model';
import type { Row } from '../chat/rows';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Confirm, Sheet } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './profile.css';
import { useNewMask } from './useNewMask';

/** One's own mask: what others see of it, and the way to another one. */
export default function MaskSheet({ onHow, onClose }: { onHow: () => void; onClose: () => void }) {
  const { t } = useLocale();
  const profile = useChat((chat) => chat.profile);
  const [asking, setAsking] = useState(false);
  if (!profile) return null;
  return (
    <Sheet label={t('mask.title')} onClose={onClose}>
      {(close) => (
        <>
          <div className="stage">
            <Mask key={profile.id} url={profile.avatarUrl} size={112} className="turn" />
            <button type="button" className="tool" aria-label={t('close')} onClick={close}>
              <Icon name="close" />
            </button>
            <h2 className={`name ${hue(profile.color)}`} dir="auto">
              {profile.nickname}
            </h2>
          </div>
          <div className="group-h">{t('mask.others')}</div>
          <Preview profile={profile} />
          <div className="group">
            <button type="button" className="li press" onClick={() => setAsking(true)}>
              <span className="tile" style={{ background: 'var(--velvet)' }}>
                <Icon name="mask" />
              </span>
              <span className="li-t">
                <b className="act">{t('mask.new')}</b>
                <small>{t('mask.note')}</small>
              </span>
            </button>
            <button type="button" className="li press" onClick={onHow}>
              <span className="tile">
                <Icon name="shield" />
              </span>
              <span className="li-t">
                <b>{t('first.how')}</b>
              </span>
              <Icon name="right" size={20} />
            </button>
          </div>
          {asking && <Change onClose={() => setAsking(false)} />}
        </>
      )}
    </Sheet>
  );
}

/** A message as everybody else would see it. */
function Preview({ profile }: { profile: Profile }) {
  const { t } = useLocale();
  const [at] = useState(() => Date.now());
  const row: Row = {
    key: 'preview',
    first: true,
    last: true,
    newDay: false,
    unread: false,
    entry: {
      key: 'preview',
      author: profile,
      userId: profile.id,
      content: t('mask.sample'),
      at,
      own: false,
      state: 'sent',
    },
  };
  return (
    <div className="preview">
      <div className="row in first last">
        <Mask url={profile.avatarUrl} size={36} />
        <div className="bubble">
          <Content row={row} actions={IDLE} />
        </div>
      </div>
    </div>
  );
}

const IDLE = { openLink() {}, openMenu() {}, retry() {} };

/** The consequence in a sentence, before it happens. */
function Change({ onClose }: { onClose: () => void }) {
  const { t } = useLocale();
  const { take, busy, problem } = useNewMask();
  return (
    <Confirm
      title={t('mask.confirm')}
      text={t('mask.consequence')}
      action={t('mask.new')}
      refuse={t('mask.keep')}
      danger
      busy={busy}
      problem={problem}
      onConfirm={async () => {
        if (await take()) onClose();
      }}
      onClose={onClose}
    />
  );
}
