import { useState } from 'react';
import { useTelegram } from '../app/TelegramContext';
import { Confirm } from '../ui/Dialog';
import { useAccount } from './AccountContext';
import { type Act, useAct } from './act';
import type { User } from './api';
import { Devices } from './Devices';
import { Problem } from './Form';
import { Language } from './Language';
import { Do, Link, Row } from './List';
import { wordsFor } from './problem';
import { Loading } from './Settings';
import { useTexts } from './texts';

type Question = 'linkTelegram' | 'unlinkTelegram' | 'unlinkEmail';

/** What is linked to the account, its devices, its language. */
export function Linked({ onOpen }: { onOpen: (path: string) => void }) {
  const t = useTexts();
  const { user, load, reload } = useAccount();
  return (
    <>
      <h2 className="group-h">{t('account.linked')}</h2>
      {user ? (
        <Identities user={user} onOpen={onOpen} />
      ) : load.refusal ? (
        <Failed act={load} onAgain={() => void reload()} />
      ) : (
        <Loading />
      )}
      <Devices />
      <Language />
    </>
  );
}

export function Failed({ act, onAgain }: { act: Act; onAgain: () => void }) {
  const t = useTexts();
  return (
    <div className="group">
      <Row title={wordsFor(t, act.refusal?.code ?? '')} action={<Do onDo={onAgain}>{t('account.again')}</Do>} />
    </div>
  );
}

function Identities({ user, onOpen }: { user: User; onOpen: (path: string) => void }) {
  const t = useTexts();
  const { api, setUser, fresh } = useAccount();
  const telegram = useTelegram();
  const act = useAct();
  const mail = useAct();
  const [asked, setAsked] = useState<Question | null>(null);
  const [sent, setSent] = useState(false);

  const change = (work: () => Promise<{ user: User }>) =>
    act.run(async () => {
      setUser((await fresh(work)).user);
      setAsked(null);
    });
  const questions: Record<Question, () => Promise<{ user: User }>> = {
    linkTelegram: () => api.bindTelegram(telegram.initData),
    unlinkTelegram: () => api.unbindTelegram(),
    unlinkEmail: () => api.unbindEmail(),
  };
  const sendAgain = () => mail.run(async () => setSent(await api.sendVerification()));
  const sealed = user.telegramId !== null;

  return (
    <>
      <div className="group">
        <Row
          icon="plane"
          tile="#1981b3"
          title={t('account.telegram')}
          note={t(
            sealed ? 'account.telegramSealed' : user.telegramLinked ? 'account.telegramTag' : 'account.telegramNone',
          )}
          action={
            sealed ? (
              <Do bad label={t('account.unlinkTelegram')} onDo={() => setAsked('unlinkTelegram')}>
                {t('account.unlink')}
              </Do>
            ) : telegram.initData ? (
              <Do label={t('account.linkTelegram')} onDo={() => setAsked('linkTelegram')}>
                {t('account.bind')}
              </Do>
            ) : user.telegramLinked ? (
              <span className="li-v">{t('account.anonymous')}</span>
            ) : undefined
          }
        />
        {user.email === null ? (
          <Row
            icon="mail"
            tile="#dd6127"
            title={t('account.email')}
            note={t('account.emailNone')}
            action={
              <Do label={t('email.title')} onDo={() => onOpen('/settings/email')}>
                {t('account.add')}
              </Do>
            }
          />
        ) : (
          <Row
            icon="mail"
            tile="#dd6127"
            title={user.email}
            note={
              user.emailVerified ? (
                <small className="good">{t('account.emailVerified')}</small>
              ) : (
                <small className="warn">{t('account.emailOpen')}</small>
              )
            }
            action={
              <Do bad label={t('account.unlinkEmail')} onDo={() => setAsked('unlinkEmail')}>
                {t('account.unlink')}
              </Do>
            }
          />
        )}
        {user.email !== null && !user.emailVerified && (
          <Row
            title={sent ? t('account.sent', { email: user.email }) : t('verify.title')}
            action={
              !sent && (
                <Do disabled={mail.busy || mail.wait > 0} onDo={() => void sendAgain()}>
                  {t('account.sendAgain')}
                </Do>
              )
            }
          />
        )}
        {user.hasPassword && (
          <Link
            icon="key"
            tile="#586d84"
            title={t('account.password')}
            value={t('account.change')}
            onOpen={() => onOpen('/settings/password')}
          />
        )}
        <Link
          icon="lock"
          tile="#2a975a"
          title={t('account.factor')}
          value={t(user.mfaEnabled ? 'account.on' : 'account.off')}
          onOpen={() => onOpen('/settings/factor')}
        />
      </div>
      <Problem act={mail} />
      <p className="group-f">{t('account.sealed')}</p>
      {asked && (
        <Confirm
          title={t(`account.${asked}`)}
          text={t(`account.${asked}Text`)}
          action={t(asked === 'linkTelegram' ? 'account.bind' : 'account.unlink')}
          refuse={t('account.keep')}
          danger={asked !== 'linkTelegram'}
          busy={act.busy}
          problem={act.refusal && wordsFor(t, act.refusal.code, NO_PROOF)}
          onConfirm={() => void change(questions[asked])}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

const NO_PROOF = { reauth_required: 'reauth.signIn' } as const;
