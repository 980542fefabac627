import { useCallback, useEffect, useState } from 'react';
import { encode } from 'uqr';
import { useLocale } from '../i18n';
import { copyText } from '../ui/copy';
import { Confirm } from '../ui/Dialog';
import { useAccount } from './AccountContext';
import { useAct } from './act';
import type { Factor as FactorRow, Protection } from './api';
import { CodeField, Form, Problem, Submit, useFieldProblem } from './Form';
import { saveFile } from './files';
import { Failed } from './Linked';
import { Do, Row } from './List';
import { createPasskey, hasPasskeys } from './passkey';
import { wordsFor } from './problem';
import { Loading } from './Settings';
import { useTexts } from './texts';

interface Enrolment {
  factorId: string;
  secret: string;
  otpauthUri: string;
}

/** Codes of an app, recovery codes, passkeys. */
export default function Factor() {
  const t = useTexts();
  const { api, reload, fresh, user } = useAccount();
  const [protection, setProtection] = useState<Protection | null>(null);
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [removing, setRemoving] = useState<FactorRow | null>(null);
  const load = useAct();
  const act = useAct();
  const [renewing, setRenewing] = useState(false);
  const remove = useAct();
  const renew = useAct();
  const { run } = load;

  const list = useCallback(() => run(async () => setProtection(await api.protection())), [api, run]);
  useEffect(() => {
    void list();
  }, [list]);

  const enrol = () => act.run(async () => setEnrolment(await fresh(() => api.enrollTotp())));
  const addPasskey = () =>
    act.run(async () => {
      const made = await createPasskey(await fresh(() => api.passkeyOptions()));
      const { recoveryCodes } = await api.addPasskey(made);
      if (recoveryCodes) setCodes(recoveryCodes);
      await Promise.all([list(), reload()]);
    });
  const takeAway = (factor: FactorRow) =>
    remove.run(async () => {
      await fresh(() => (factor.kind === 'passkey' ? api.removePasskey(factor.id) : api.removeFactor(factor.id)));
      setRemoving(null);
      await Promise.all([list(), reload()]);
    });

  if (codes) {
    return (
      <RecoveryCodes
        codes={codes}
        onKept={() => {
          setCodes(null);
          setEnrolment(null);
        }}
      />
    );
  }
  if (enrolment) {
    return (
      <Enrol
        enrolment={enrolment}
        onActive={async (codes) => {
          setCodes(codes);
          await Promise.all([list(), reload()]);
        }}
      />
    );
  }
  const app = protection?.factors.find(({ kind }) => kind === 'totp');
  const passkeys = protection?.factors.filter(({ kind }) => kind === 'passkey') ?? [];
  const renewCodes = () =>
    renew.run(async () => {
      const { recoveryCodes } = await fresh(() => api.renewRecoveryCodes());
      setRenewing(false);
      setCodes(recoveryCodes);
      await list();
    });
  return (
    <>
      <p className="lead">{t('factor.text')}</p>
      {!protection && (load.refusal ? <Failed act={load} onAgain={() => void list()} /> : <Loading />)}
      {protection && (
        <div className="group">
          <Row
            icon="phone"
            tile="#2a975a"
            title={t('factor.app')}
            note={t('factor.appOn')}
            action={
              app ? (
                <Do bad label={t('factor.removeTitle')} onDo={() => setRemoving(app)}>
                  {t('factor.remove')}
                </Do>
              ) : (
                <Do disabled={act.busy} onDo={() => void enrol()}>
                  {t('factor.set')}
                </Do>
              )
            }
          />
          {protection.mfaEnabled && (
            <Row
              icon="lock"
              tile="#c8860f"
              title={t('factor.codes')}
              note={t('factor.codesLeft', { n: protection.recoveryCodesLeft })}
              action={
                <Do label={t('factor.codesSure')} onDo={() => setRenewing(true)}>
                  {t('factor.codesNew')}
                </Do>
              }
            />
          )}
        </div>
      )}
      {protection?.mfaEnabled && user?.telegramLinked && (
        <ForTelegram protection={protection} onChange={setProtection} />
      )}
      {protection && (hasPasskeys() || passkeys.length > 0) && (
        <Passkeys passkeys={passkeys} busy={act.busy} onAdd={() => void addPasskey()} onRemove={setRemoving} />
      )}
      <Problem act={act} wording={{ reauth_required: 'reauth.signIn' }} />
      {renewing && (
        <Confirm
          title={t('factor.codesSure')}
          text={t('factor.codesSureText')}
          action={t('factor.codesNew')}
          refuse={t('account.keep')}
          busy={renew.busy}
          problem={renew.refusal && wordsFor(t, renew.refusal.code, { reauth_required: 'reauth.signIn' })}
          onConfirm={() => void renewCodes()}
          onClose={() => setRenewing(false)}
        />
      )}
      {removing && (
        <Confirm
          title={t(removing.kind === 'passkey' ? 'passkey.removeTitle' : 'factor.removeTitle')}
          text={t(removing.kind === 'passkey' ? 'passkey.removeText' : 'factor.removeText')}
          action={t(removing.kind === 'passkey' ? 'passkey.remove' : 'factor.remove')}
          refuse={t('account.keep')}
          danger
          busy={remove.busy}
          problem={remove.refusal && wordsFor(t, remove.refusal.code, { reauth_required: 'reauth.signIn' })}
          onConfirm={() => void takeAway(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}

function Passkeys({
  passkeys,
  busy,
  onAdd,
  onRemove,
}: {
  passkeys: FactorRow[];
  busy: boolean;
  onAdd: () => void;
  onRemove: (factor: FactorRow) => void;
}) {
  const t = useTexts();
  const { day } = useLocale();
  return (
    <>
      <h2 className="group-h">{t('account.passkeys')}</h2>
      <div className="group">
        {passkeys.map((passkey) => (
          <Row
            key={passkey.id}
            icon="key"
            tile="#586d84"
            title={passkey.name || t('passkey.name')}
            note={t('passkey.since', { day: day(Date.parse(passkey.createdAt), Date.now()) })}
            action={
              <Do bad label={t('passkey.removeTitle')} onDo={() => onRemove(passkey)}>
                {t('passkey.remove')}
              </Do>
            }
          />
        ))}
        {hasPasskeys() && (
          <button type="button" className="li flush press" disabled={busy} onClick={onAdd}>
            <span className="li-t">
              <b className="act">{t('passkey.add')}</b>
              <small>{t('passkey.text')}</small>
            </span>
          </button>
        )}
      </div>
    </>
  );
}

/** Whether Telegram's word alone is enough on a device that is new to the account. */
function ForTelegram({ protection, onChange }: { protection: Protection; onChange: (next: Protection) => void }) {
  const t = useTexts();
  const { api, fresh } = useAccount();
  const act = useAct();
  const on = protection.mfaFor === 'all';
  const change = () => act.run(async () => onChange(await fresh(() => api.askFactorFor(on ? 'password' : 'all'))));
  return (
    <>
      <div className="group">
        <button
          type="button"
          className="li flush press"
          role="switch"
          aria-checked={on}
          disabled={act.busy}
          onClick={() => void change()}
        >
          <span className="li-t">
            <b>{t('factor.forAll')}</b>
            <small>{t('factor.forAllText')}</small>
          </span>
          <span className="switch" />
        </button>
      </div>
      <Problem act={act} wording={{ reauth_required: 'reauth.signIn' }} />
    </>
  );
}

function Enrol({ enrolment, onActive }: { enrolment: Enrolment; onActive: (codes: string[]) => Promise<void> }) {
  const t = useTexts();
  const { api, fresh } = useAccount();
  const act = useAct();
  const [code, setCode] = useState('');
  const submit = () =>
    act.run(async () => {
      const { recoveryCodes } = await fresh(() => api.activateTotp(enrolment.factorId, code.replace(/\s/g, '')));
      await onActive(recoveryCodes);
    });
  return (
    <>
      <div className="group qr">
        <p>{t('factor.scan')}</p>
        <QrCode text={enrolment.otpauthUri} label={t('factor.qr')} />
        <p className="soft">{t('factor.secret')}</p>
        <code className="secret">{enrolment.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
      </div>
      <Form act={act} onSubmit={submit}>
        <CodeField
          label={t('field.code')}
          hint={t('factor.enter')}
          value={code}
          onValue={setCode}
          problem={useFieldProblem(act, 'code')}
        />
        <Problem act={act} fields={['code']} />
        <Submit act={act}>{t('factor.activate')}</Submit>
      </Form>
    </>
  );
}

/** Dark on white in every theme: cameras do not read it the other way round. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 3 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  );
}

function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  const text = codes.join('\n');
  return (
    <>
      <h2 className="group-h">{t('factor.codes')}</h2>
      <p className="group-f">{t('factor.codesText')}</p>
      <ul className="group codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="stack">
        <div className="pairbtn">
          <button type="button" className="btn soft" onClick={async () => setCopied(await copyText(text))}>
            {t(copied ? 'factor.copied' : 'factor.copy')}
          </button>
          <button
            type="button"
            className="btn soft"
            onClick={() => saveFile('maska-codes.txt', 'text/plain', `${t('file.codes')}\n\n${text}\n`)}
          >
            {t('factor.download')}
          </button>
        </div>
        <span className="vh" role="status">
          {copied && t('factor.copied')}
        </span>
        <button type="button" className="btn" onClick={onKept}>
          {t('factor.kept')}
        </button>
      </div>
    </>
  );
}
