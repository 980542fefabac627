import { useCallback, useEffect, useState } from 'react';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Confirm } from '../ui/Dialog';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import type { DeviceSession } from './api';
import { Problem } from './Form';
import { Failed } from './Linked';
import { Do, Link, Row } from './List';
import { wordsFor } from './problem';
import { Loading } from './Settings';
import { useTexts } from './texts';

/** Where this account is signed in, and the ways to end that. */
export function Devices() {
  const t = useTexts();
  const { api } = useAccount();
  const logout = useChat((chat) => chat.logout);
  const [sessions, setSessions] = useState<DeviceSession[] | null>(null);
  const [ended, setEnded] = useState<number | null>(null);
  const [leaving, setLeaving] = useState(false);
  const load = useAct();
  const end = useAct();
  const everywhere = useAct();
  const { run } = load;

  const reload = useCallback(() => run(async () => setSessions(sorted(await api.sessions()))), [api, run]);
  useEffect(() => {
    void reload();
  }, [reload]);

  const endOne = (id: string) =>
    end.run(async () => {
      await api.endSession(id);
      setSessions((list) => list?.filter((session) => session.id !== id) ?? null);
    });
  const endOthers = () =>
    end.run(async () => {
      setEnded((await api.endOthers()).revoked);
      await reload();
    });
  const endAll = () =>
    everywhere.run(async () => {
      await api.endAll();
      await logout();
    });
  const others = sessions?.some(({ current }) => !current);

  return (
    <>
      <h2 className="group-h">{t('devices.title')}</h2>
      {!sessions && (load.refusal ? <Failed act={load} onAgain={() => void reload()} /> : <Loading />)}
      {sessions && (
        <div className="group">
          {sessions.map((session) => (
            <Device key={session.id} session={session} busy={end.busy} onEnd={() => void endOne(session.id)} />
          ))}
        </div>
      )}
      <Problem act={end} />
      {ended !== null && (
        <p className="said" role="status">
          {t('devices.othersDone', { n: ended })}
        </p>
      )}
      {sessions && (
        <div className="group">
          {others && <Link title={t('devices.others')} bad onOpen={() => void endOthers()} />}
          <Link title={t('devices.all')} bad onOpen={() => setLeaving(true)} />
        </div>
      )}
      {leaving && (
        <Confirm
          title={`${t('devices.all')}?`}
          text={t('devices.allText')}
          action={t('devices.out')}
          refuse={t('settings.stay')}
          danger
          busy={everywhere.busy}
          problem={everywhere.refusal && wordsFor(t, everywhere.refusal.code)}
          onConfirm={() => void endAll()}
          onClose={() => setLeaving(false)}
        />
      )}
    </>
  );
}

function Device({ session, busy, onEnd }: { session: DeviceSession; busy: boolean; onEnd: () => void }) {
  const t = useTexts();
  const { day } = useLocale();
  const name = session.deviceInfo || [session.client, session.os].filter(Boolean).join(', ') || t('devices.unknown');
  const seen = [
    day(Date.parse(session.lastSeenAt), Date.now()),
    session.country && t('devices.from', { place: session.country }),
  ];
  const phone = /iphone|android|ios\b/i.test(`${session.deviceInfo} ${session.os}`);
  return (
    <Row
      icon={phone ? 'phone' : 'desk'}
      tile="#586d84"
      title={name}
      note={session.current ? <small className="good">{t('devices.this')}</small> : seen.filter(Boolean).join(' · ')}
      action={
        !session.current && (
          <Do bad label={`${t('devices.out')}: ${name}`} disabled={busy} onDo={onEnd}>
            {t('devices.out')}
          </Do>
        )
      }
    />
  );
}

/** This device first, then by the day it was last seen. */
function sorted(sessions: DeviceSession[]): DeviceSession[] {
  return [...sessions].sort(
    (a, b) => Number(b.current) - Number(a.current) || Date.parse(b.lastSeenAt) - Date.parse(a.lastSeenAt),
  );
}
