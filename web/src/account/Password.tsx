import { useState } from 'react';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import { Form, NewPassword, PasswordField, Problem, Submit } from './Form';
import { Done } from './LinkEmail';
import { useTexts } from './texts';

/** Another password; all other devices are signed out by it. */
export function Password({ onDone }: { onDone: () => void }) {
  const t = useTexts();
  const { api, user, fresh } = useAccount();
  const act = useAct();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [confirm, setConfirm] = useState('');
  const [common, setCommon] = useState<boolean | null>(null);
  const wrong = act.refusal?.code === 'credentials_invalid';

  const submit = () => {
    if (password !== confirm) return act.refuse('password_mismatch');
    return act.run(async () => {
      const { warnings } = await fresh(() => api.changePassword(current, password, confirm));
      setCommon(warnings?.includes('password_common') ?? false);
    });
  };

  if (common !== null) return <Done text={t('password.done')} common={common} onDone={onDone} />;
  return (
    <Form act={act} onSubmit={submit}>
      {/* Password managers look for the name that the password belongs to. */}
      <input type="hidden" name="username" autoComplete="username" value={user?.email ?? ''} readOnly />
      <PasswordField
        name="current-password"
        autoComplete="current-password"
        label={t('password.current')}
        value={current}
        onValue={setCurrent}
        problem={wrong ? t('password.wrong') : null}
      />
      <NewPassword
        act={act}
        label={t('password.new')}
        again={t('password.again')}
        value={password}
        confirm={confirm}
        onValue={setPassword}
        onConfirm={setConfirm}
      />
      {!wrong && <Problem act={act} fields={['password', 'confirmPassword']} />}
      <Submit act={act}>{t('password.save')}</Submit>
    </Form>
  );
}
