import { useEffect, useState } from 'react';
import { ApiError, type Challenge } from '../api/error';
import { useBack } from '../app/back';
import { useLocale } from '../i18n';
import { useAccountApi } from './AccountContext';
import { useAct } from './act';
import type { FactorKind, TokenSet } from './api';
import { DoorPage } from './Doors';
import { CodeField, Form, Problem, Submit, useFieldProblem } from './Form';
import { hasPasskeys, provePasskey } from './passkey';
import { type AccountKey, useTexts } from './texts';

export type { Challenge } from '../api/error';

type StepKey = Extract<AccountKey, `step.${string}`>;

interface Kind {
  ask: StepKey;
  use: StepKey;
  /** Whether the server has to send something first. */
  sent: boolean;
}

const KINDS: Readonly<Record<FactorKind, Kind>> = {
  totp: { ask: 'step.totp', use: 'step.useTotp', sent: false },
  passkey: { ask: 'step.passkey', use: 'step.usePasskey', sent: true },
  email: { ask: 'step.email', use: 'step.useEmail', sent: true },
  sms: { ask: 'step.sms', use: 'step.useSms', sent: true },
  recovery: { ask: 'step.recovery', use: 'step.useRecovery', sent: false },
};

/** The second factor of a sign-in, by whichever of the offered kinds the person has at hand. */
export function SecondStep({
  challenge,
  onIn,
  onBack,
}: {
  challenge: Challenge;
  onIn: (tokens: TokenSet) => void | Promise<void>;
  onBack: () => void;
}) {
  const t = useTexts();
  const { t: common } = useLocale();
  const api = useAccountApi();
  const offered = (Object.keys(KINDS) as FactorKind[]).filter(
    (kind) => challenge.factors.includes(kind) && (kind !== 'passkey' || hasPasskeys()),
  );
  const [kind, setKind] = useState(offered[0] ?? 'totp');
  const [code, setCode] = useState('');
  const [trust, setTrust] = useState(false);
  const act = useAct();
  const sending = useAct();
  const { run } = sending;
  const { ask, sent } = KINDS[kind];
  useBack(onBack);

  // A code is on its way before it is asked for.
  useEffect(() => {
    if (sent && kind !== 'passkey') void run(() => api.challenge(challenge.token, kind));
  }, [api, run, challenge, kind, sent]);

  const answer = (proof: string) => api.answerChallenge(challenge.token, kind, proof, trust);
  const submit = async () => {
    const { value } = await act.attempt(async () => {
      if (kind !== 'passkey') return answer(kind === 'recovery' ? code.trim() : code.replace(/\s/g, ''));
      const { passkey } = await api.challenge(challenge.token, kind);
      if (!passkey) throw new ApiError('not_confirmed', 0);
      return answer(JSON.stringify(await provePasskey(passkey)));
    });
    if (value) await onIn(value);
  };
  const problem = useFieldProblem(act, 'code');
  const over = act.refusal?.code === 'mfa_expired';

  return (
    <DoorPage small title={t('step.title')} text={t(ask)}>
      <Form act={act} onSubmit={() => void submit()}>
        {kind !== 'passkey' && (
          <CodeField
            key={kind}
            digits={kind !== 'recovery'}
            label={t('field.code')}
            value={code}
            onValue={setCode}
            problem={problem}
          />
        )}
        <button
          type="button"
          className="li flush press check"
          role="switch"
          aria-checked={trust}
          onClick={() => setTrust(!trust)}
        >
          <span className="li-t">
            <b>{t('step.trust')}</b>
          </span>
          <span className="switch" />
        </button>
        <Problem act={act} fields={kind === 'passkey' ? [] : ['code']} />
        {over ? (
          <button type="button" className="btn" onClick={onBack}>
            {common('back')}
          </button>
        ) : (
          <Submit act={act}>{t('step.go')}</Submit>
        )}
      </Form>
      {sent && kind !== 'passkey' && (
        <>
          <Problem act={sending} />
          <button
            type="button"
            className="btn plain"
            disabled={sending.busy || sending.wait > 0}
            onClick={() => void run(() => api.challenge(challenge.token, kind))}
          >
            {t('step.again')}
          </button>
        </>
      )}
      {offered.length > 1 && (
        <>
          <div className="or">{t('step.other')}</div>
          <div className="stack">
            {offered
              .filter((other) => other !== kind)
              .map((other) => (
                <button
                  key={other}
                  type="button"
                  className="btn soft"
                  onClick={() => {
                    setCode('');
                    setKind(other);
                  }}
                >
                  {t(KINDS[other].use)}
                </button>
              ))}
          </div>
        </>
      )}
      <button type="button" className="btn plain" onClick={onBack}>
        {common('back')}
      </button>
    </DoorPage>
  );
}
