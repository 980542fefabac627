/** The pages that letters lead to. Nothing happens before somebody presses: programs open links in letters too. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import { ApiError } from '../api/error';
import type { MailLinkKind } from '../app/mailLink';
import './account.css';
import { useAccountApi } from './AccountContext';
import { useAct } from './act';
import { DoorPage } from './Doors';
import { Form, NewPassword, PasswordField, Problem, Submit } from './Form';
import { useTexts } from './texts';

export default function MailLink({ kind }: { kind: MailLinkKind }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [token] = useState(tokenHere);
  const [done, setDone] = useState(false);
  const finish = () => {
    // It is spent, so a reload must not show it again.
    history.replaceState(null, '');
    setDone(true);
  };
  const open = (
    <button type="button" className="btn" onClick={() => navigate('/', { replace: true })}>
      {t(kind === 'reset' && done ? 'in.go' : 'link.open')}
    </button>
  );
  if (!token && !done) {
    return (
      <DoorPage small title={t('link.missing')} text={t('link.missingText')}>
        {open}
      </DoorPage>
    );
  }
  if (done) {
    return (
      <DoorPage small title={t(`${kind}.done`)} {...(kind === 'reset' ? { text: t('reset.doneText') } : {})}>
        {open}
      </DoorPage>
    );
  }
  return kind === 'reset' ? <Reset token={token} onDone={finish} /> : <Verify token={token} onDone={finish} />;
}

/** A link alone says nothing of whose account it is: the server asks for its password, or for one of a new account. */
function Verify({ token, onDone }: { token: string; onDone: () => void }) {
  const t = useTexts();
  const api = useAccountApi();
  const act = useAct();
  const [step, setStep] = useState<'press' | 'own' | 'new'>('press');
  const [password, setPassword] = useState('');
  const [confirm, setConfirm] = useState('');
  const go = (next: 'own' | 'new') => {
    setPassword('');
    setConfirm('');
    setStep(next);
  };
  const submit = () => {
    if (step === 'new' && password !== confirm) return act.refuse('password_mismatch');
    return act.run(async () => {
      try {
        await api.verifyEmail(token, password, confirm);
      } catch (error) {
        if (step !== 'press' || !(error instanceof ApiError) || error.code !== 'reauth_required') throw error;
        return go(error.reason === 'new_password' ? 'new' : 'own');
      }
      onDone();
    });
  };
  const wrong = act.refusal?.code === 'credentials_invalid';
  return (
    <DoorPage small title={t('verify.title')} text={t(step === 'press' ? 'verify.text' : `verify.${step}Text`)}>
      <Form act={act} onSubmit={submit}>
        {step === 'own' && (
          <PasswordField
            name="current-password"
            autoComplete="current-password"
            label={t('verify.own')}
            value={password}
            onValue={setPassword}
            problem={wrong ? t('password.wrong') : null}
          />
        )}
        {step === 'new' && (
          <NewPassword
            act={act}
            label={t('password.new')}
            again={t('password.again')}
            value={password}
            confirm={confirm}
            onValue={setPassword}
            onConfirm={setConfirm}
          />
        )}
        {!wrong && <Problem act={act} fields={['password', 'confirmPassword']} />}
        <Submit act={act}>{t('verify.go')}</Submit>
      </Form>
      {step === 'own' && (
        <button type="button" className="btn plain" onClick={() => go('new')}>
          {t('verify.notMine')}
        </button>
      )}
    </DoorPage>
  );
}

function Reset({ token, onDone }: { token: string; onDone: () => void }) {
  const t = useTexts();
  const api = useAccountApi();
  const act = useAct();
  const [password, setPassword] = useState('');
  const [confirm, setConfirm] = useState('');
  const submit = () => {
    if (password !== confirm) return act.refuse('password_mismatch');
    return act.run(async () => {
      await api.reset(token, password, confirm);
      onDone();
    });
  };
  return (
    <DoorPage small title={t('reset.title')} text={t('reset.text')}>
      <Form act={act} onSubmit={submit}>
        <NewPassword
          act={act}
          label={t('password.new')}
          again={t('password.again')}
          value={password}
          confirm={confirm}
          onValue={setPassword}
          onConfirm={setConfirm}
        />
        <Problem act={act} fields={['password', 'confirmPassword']} />
        <Submit act={act}>{t('password.save')}</Submit>
      </Form>
    </DoorPage>
  );
}

function tokenHere(): string {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'token' in state ? String(state.token) : '';
}
