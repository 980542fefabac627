import { useState } from 'react';
import { useChat } from '../chat/store';
import { Confirm } from '../ui/Dialog';
import { Mask } from '../ui/Mask';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import { Row } from './List';
import { wordsFor } from './problem';
import { useTexts } from './texts';

/** What goes and what stays for a while; then one question, and it is done. */
export function Erase() {
  const t = useTexts();
  const { api, figures, fresh } = useAccount();
  const days = useChat((chat) => chat.settings.messageDays);
  const profile = useChat((chat) => chat.profile);
  const erased = useChat((chat) => chat.erased);
  const [sure, setSure] = useState(false);
  const act = useAct();
  const erase = () =>
    act.run(async () => {
      await fresh(() => api.erase());
      await erased();
    });
  return (
    <>
      <div className="stage faded">
        <Mask url={profile?.avatarUrl ?? null} size={88} />
        <h2>{t('erase.head')}</h2>
        <p>{t('erase.text')}</p>
      </div>
      <h2 className="group-h">{t('erase.gone')}</h2>
      <div className="group">
        <Row icon="mask" tile="gone" title={t('erase.mask')} />
        <Row icon="chair" tile="gone" title={t('erase.seats')} />
        <Row icon="key" tile="gone" title={t('erase.links')} />
        <Row icon="devices" tile="gone" title={t('erase.devices')} />
      </div>
      <h2 className="group-h">{t('erase.stays')}</h2>
      <div className="group">
        <Row icon="copy" tile="clear" title={t('erase.messages', { n: figures?.messageDays ?? days })} />
        {figures && <Row icon="link" tile="clear" title={t('erase.bond', { n: figures.maskLinkDays })} />}
        <Row icon="clock" tile="clear" title={t('erase.journal')} />
      </div>
      <div className="stack">
        <button type="button" className="btn bad" onClick={() => setSure(true)}>
          {t('erase.go')}
        </button>
      </div>
      {sure && (
        <Confirm
          title={t('erase.sure')}
          text={t('erase.text')}
          action={t('erase.go')}
          refuse={t('settings.stay')}
          danger
          busy={act.busy}
          problem={act.refusal && wordsFor(t, act.refusal.code, { reauth_required: 'reauth.signIn' })}
          onConfirm={() => void erase()}
          onClose={() => setSure(false)}
        />
      )}
    </>
  );
}
