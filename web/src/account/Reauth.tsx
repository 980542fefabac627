import { useState } from 'react';
import { Sheet } from '../ui/Dialog';
import { useAct } from './act';
import type { AccountApi } from './api';
import { CodeField, Form, PasswordField, Problem, Submit, useFieldProblem } from './Form';
import { useTexts } from './texts';

const WRONG_PASSWORD = { credentials_invalid: 'password.wrong' } as const;

/** Asks once more who it is; what waits behind it keeps all that was typed. */
export function Reauth({
  api,
  byPassword,
  onProved,
  onClose,
}: {
  api: AccountApi;
  byPassword: boolean;
  onProved: () => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const act = useAct();
  const [proof, setProof] = useState('');
  const codeProblem = useFieldProblem(act, 'code');
  const submit = () =>
    act.run(async () => {
      await api.reauth(byPassword ? { password: proof } : { code: proof.replace(/\s/g, '') });
      onProved();
    });
  return (
    <Sheet label={t('reauth.title')} title={t('reauth.title')} onClose={onClose}>
      {() => (
        <>
          <p className="sheet-p">{t(byPassword ? 'reauth.password' : 'reauth.code')}</p>
          <Form act={act} onSubmit={submit}>
            {byPassword ? (
              <PasswordField
                name="password"
                autoComplete="current-password"
                label={t('field.password')}
                value={proof}
                onValue={setProof}
                problem={act.refusal?.code === 'credentials_invalid' ? t('password.wrong') : null}
              />
            ) : (
              <CodeField label={t('field.code')} value={proof} onValue={setProof} problem={codeProblem} />
            )}
            {act.refusal?.code !== 'credentials_invalid' && (
              <Problem act={act} fields={['code']} wording={WRONG_PASSWORD} />
            )}
            <Submit act={act}>{t('reauth.go')}</Submit>
          </Form>
        </>
      )}
    </Sheet>
  );
}
