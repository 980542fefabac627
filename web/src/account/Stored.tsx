import { useState } from 'react';
import { copyText } from '../ui/copy';
import { Sheet } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import { Problem } from './Form';
import { saveFile } from './files';
import { Row } from './List';
import { useTexts } from './texts';

/** What the server keeps of this person, in its own figures. */
export function Stored() {
  const t = useTexts();
  const { api, user, figures, fresh } = useAccount();
  const [data, setData] = useState<string | null>(null);
  const act = useAct();
  const fetchAll = () => act.run(async () => setData(JSON.stringify(await fresh(() => api.exportData()), null, 2)));
  return (
    <>
      <h2 className="group-h">{t('stored.kept')}</h2>
      <div className="group">
        <Row icon="key" tile="clear" title={t('stored.code')} note={t('stored.codeText')} value={t('stored.erased')} />
        {user?.telegramId != null && (
          <Row icon="plane" tile="clear" title={t('stored.telegram')} value={t('stored.erased')} />
        )}
        {user?.email != null && <Row icon="mail" tile="clear" title={t('stored.email')} value={t('stored.erased')} />}
        <Row
          icon="mask"
          tile="clear"
          title={t('stored.mask')}
          note={t('stored.maskText')}
          value={figures && t('stored.idle', { n: figures.maskDays })}
        />
        <Row
          icon="link"
          tile="clear"
          title={t('stored.bond')}
          note={figures && t('stored.bondText', { n: figures.maskLinkDays })}
        />
        <Row
          icon="copy"
          tile="clear"
          title={t('stored.messages')}
          value={figures && t('stored.days', { n: figures.messageDays })}
        />
        <Row
          icon="copy"
          tile="clear"
          title={t('stored.roomMessages')}
          value={figures && t('stored.days', { n: figures.roomMessageDays })}
        />
        <Row icon="devices" tile="clear" title={t('stored.devices')} note={t('stored.devicesText')} />
        <Row icon="clock" tile="clear" title={t('stored.journal')} note={t('stored.journalText')} />
      </div>
      <h2 className="group-h">{t('stored.never')}</h2>
      <div className="group">
        <Row icon="eyeoff" tile="never" title={t('stored.neverTelegram')} />
        {user?.telegramId == null && <Row icon="eyeoff" tile="never" title={t('stored.neverName')} />}
        <Row icon="eyeoff" tile="never" title={t('stored.neverPeople')} />
        <Row icon="eyeoff" tile="never" title={t('stored.neverNetwork')} />
      </div>
      <p className="group-f">{t('stored.limits')}</p>
      <div className="group">
        <button
          type="button"
          className="li flush press"
          aria-busy={act.busy}
          disabled={act.busy || act.wait > 0}
          onClick={() => void fetchAll()}
        >
          <span className="li-t">
            <b className="act">{t('stored.download')}</b>
          </span>
          <Icon name="share" size={20} />
        </button>
      </div>
      <Problem act={act} wording={{ reauth_required: 'reauth.signIn' }} />
      {data !== null && <Ready data={data} onClose={() => setData(null)} />}
    </>
  );
}

/** Two ways to take it along: many web views of Telegram save no files. */
function Ready({ data, onClose }: { data: string; onClose: () => void }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  const size = Math.max(1, Math.round(new Blob([data]).size / 1024));
  return (
    <Sheet label={t('stored.ready')} title={t('stored.ready')} onClose={onClose}>
      {() => (
        <>
          <p className="sheet-p">{t('stored.readyText', { n: size })}</p>
          <div className="stack pad">
            <button type="button" className="btn" onClick={() => saveFile('maska.json', 'application/json', data)}>
              {t('stored.save')}
            </button>
            <button type="button" className="btn soft" onClick={async () => setCopied(await copyText(data))}>
              {t(copied ? 'copied' : 'stored.copy')}
            </button>
            <span className="vh" role="status">
              {copied && t('copied')}
            </span>
          </div>
        </>
      )}
    </Sheet>
  );
}
