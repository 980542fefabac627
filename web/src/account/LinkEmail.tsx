import { useState } from 'react';
import { useLocale } from '../i18n';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import { EmailField, Form, NewPassword, Problem, Submit, useFieldProblem } from './Form';
import { useTexts } from './texts';

/** An address and a password for an account that has none. */
export function LinkEmail({ onDone }: { onDone: () => void }) {
  const t = useTexts();
  const { language } = useLocale();
  const { api, user, setUser, fresh } = useAccount();
  const act = useAct();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [confirm, setConfirm] = useState('');
  const [common, setCommon] = useState<boolean | null>(null);

  const submit = () => {
    if (password !== confirm) return act.refuse('password_mismatch');
    return act.run(async () => {
      // Letters are written in the account's language, and until now nobody could have asked for one.
      if (user?.language !== language) await api.profile({ language });
      const { user: linked, warnings } = await fresh(() => api.bindEmail(email.trim(), password, confirm));
      setUser(linked);
      setCommon(warnings?.includes('password_common') ?? false);
    });
  };
  const problem = useFieldProblem(act, 'email');

  if (common !== null) return <Done text={t('email.done')} common={common} onDone={onDone} />;
  return (
    <>
      <p className="lead">{t('email.text')}</p>
      <Form act={act} onSubmit={submit}>
        <EmailField value={email} onValue={setEmail} problem={problem} hint={t('in.promise')} />
        <NewPassword
          act={act}
          label={t('field.password')}
          again={t('field.confirm')}
          value={password}
          confirm={confirm}
          onValue={setPassword}
          onConfirm={setConfirm}
        />
        <Problem
          act={act}
          fields={['email', 'password', 'confirmPassword']}
          wording={{ reauth_required: 'reauth.signIn' }}
        />
        <Submit act={act}>{t('account.add')}</Submit>
      </Form>
    </>
  );
}

/** What was done, and that the password could be better. */
export function Done({ text, common, onDone }: { text: string; common: boolean; onDone: () => void }) {
  const t = useTexts();
  return (
    <>
      <p className="said" role="status">
        {text}
      </p>
      {common && <p className="said warn">{t('password.common')}</p>}
      <div className="stack">
        <button type="button" className="btn" onClick={onDone}>
          {t('done')}
        </button>
      </div>
    </>
  );
}
