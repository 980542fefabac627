/** The ways in outside Telegram: sign in, register, ask for a new password, a second factor. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useBack } from '../app/back';
import { botName, Foot } from '../app/Page';
import { useTelegram } from '../app/TelegramContext';
import { chat, useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { chosenLanguage } from '../i18n/language';
import { Icon } from '../ui/Icon';
import './account.css';
import { useAccountApi } from './AccountContext';
import { type Act, useAct } from './act';
import type { TokenSet } from './api';
import { EmailField, Field, Form, NewPassword, PasswordField, Problem, Submit, useFieldProblem } from './Form';
import { displayName, keepFlow } from './issuers';
import { hasPasskeys, provePasskey } from './passkey';
import { type Challenge, SecondStep } from './SecondStep';
import { takeTelegramResult, telegramLoginAddress } from './telegramLogin';
import { useTexts } from './texts';

/** A page at the door: the curtain, what it is about, and a form. */
export function DoorPage({
  title,
  text,
  small = false,
  children,
  foot,
}: {
  title: string;
  text?: string;
  small?: boolean;
  children: ReactNode;
  foot?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another title is another page
  useEffect(() => heading.current?.focus(), [title]);
  return (
    <div className="page">
      <main>
        <div className={small ? 'curtain door small' : 'curtain door'}>
          <span className="emblem">
            <Icon name="mask" />
          </span>
        </div>
        <div className="say">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {text && <p className="soft">{text}</p>}
        </div>
        {children}
      </main>
      {foot ?? <Foot />}
    </div>
  );
}

/** The door outside Telegram; its pages are paths of their own. `note` is why one stands here again. */
export function Doors({ note, telegram }: { note?: string; telegram?: ReactNode }) {
  const [path, navigate] = useLocation();
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  // One address for all pages of the door; a password is typed anew.
  const [name, setName] = useState('');
  const { language, choose } = useLocale();
  const enter = async (tokens: TokenSet) => {
    const { user } = tokens;
    // Where nobody has chosen yet, the account's language is the choice. One that was never linked has none.
    if (user.email !== null && user.language !== language && !chosenLanguage()) await choose(user.language);
    // Somebody who signed in on a page of the door wants to see the room.
    if (path === '/register' || path === '/forgot') navigate('/', { replace: true });
    chat.getState().enter(tokens);
  };
  if (challenge) return <SecondStep challenge={challenge} onIn={enter} onBack={() => setChallenge(null)} />;
  const ways = { onIn: enter, onChallenge: setChallenge, name, onName: setName };
  if (path === '/register') return <Register {...ways} />;
  if (path === '/forgot') return <Forgot name={name} onName={setName} />;
  return <SignIn {...ways} note={note} telegram={telegram} />;
}

interface Named {
  name: string;
  onName: (name: string) => void;
}

interface Ways extends Named {
  onIn: (tokens: TokenSet) => Promise<void>;
  onChallenge: (challenge: Challenge) => void;
}

/** Signs in; a wanted second factor is the next page and no refusal. */
async function proceed(
  act: Act,
  { onIn, onChallenge }: Pick<Ways, 'onIn' | 'onChallenge'>,
  signIn: () => Promise<TokenSet>,
): Promise<void> {
  const { refusal, value } = await act.attempt(signIn);
  if (value) await onIn(value);
  else if (refusal?.challenge) onChallenge(refusal.challenge);
}

function SignIn({ note, telegram, ...ways }: Ways & { note?: string | undefined; telegram?: ReactNode }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const api = useAccountApi();
  const act = useAct();
  const passkey = useAct();
  const [password, setPassword] = useState('');

  const submit = () => proceed(act, ways, () => api.login(ways.name.trim(), password));
  const byPasskey = () =>
    proceed(passkey, ways, async () => api.passkeyLogin(await provePasskey(await api.passkeyLoginOptions())));

  return (
    <DoorPage
      title={t('in.title')}
      text={t('in.text')}
      foot={
        <Foot>
          <p>{t('in.promise')}</p>
        </Foot>
      }
    >
      {note && (
        <div className="note ended" role="status">
          <Icon name="alert" />
          <span>{note}</span>
        </div>
      )}
      {telegram ?? <Elsewhere {...ways} />}
      <Form act={act} onSubmit={submit}>
        <Field
          label={t('field.login')}
          name="username"
          type="text"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          value={ways.name}
          onValue={ways.onName}
        />
        <PasswordField
          name="password"
          autoComplete="current-password"
          label={t('field.password')}
          value={password}
          onValue={setPassword}
        />
        <Problem act={act} />
        <Submit act={act} look="btn soft">
          {t('in.go')}
        </Submit>
      </Form>
      {hasPasskeys() && (
        <>
          <button type="button" className="btn plain" disabled={passkey.busy} onClick={() => void byPasskey()}>
            <Icon name="key" size={20} />
            {t('in.passkey')}
          </button>
          <Problem act={passkey} />
        </>
      )}
      <div className="pairbtn">
        <button type="button" className="btn plain" onClick={() => navigate('/register')}>
          {t('in.register')}
        </button>
        <button type="button" className="btn plain" onClick={() => navigate('/forgot')}>
          {t('in.forgot')}
        </button>
      </div>
    </DoorPage>
  );
}

/** The other ways in: Telegram's login page, services that the server knows, the bot itself. */
function Elsewhere(ways: Ways) {
  const t = useTexts();
  const { t: common } = useLocale();
  const telegram = useTelegram();
  const api = useAccountApi();
  const act = useAct();
  const begun = useRef(false);
  const [issuers, setIssuers] = useState<string[]>([]);
  const widget = telegramLoginAddress();
  const bot = botName();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came back from Telegram is taken once
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    // Whoever does not answer offers nothing.
    api.issuers().then(setIssuers, () => {});
    const fields = takeTelegramResult();
    if (fields) void proceed(act, ways, () => api.loginWidget(fields));
  }, []);
  const leave = (issuer: string) =>
    act.run(async () => {
      const { url, flow } = await api.startIssuer(issuer);
      keepFlow(flow);
      location.assign(url);
    });

  const byTelegram = issuers.includes('telegram');
  if (!bot && !widget && issuers.length === 0) return <p className="soft say">{common('open.find')}</p>;
  return (
    <>
      <div className="stack">
        {byTelegram && <Issuer act={act} name={t('in.telegram')} first onGo={() => void leave('telegram')} />}
        {widget && !byTelegram && (
          <a className="btn" href={widget} aria-busy={act.busy}>
            <Icon name="plane" size={20} />
            <span>{t('in.telegram')}</span>
          </a>
        )}
        {bot && (
          <button
            type="button"
            className={widget || byTelegram ? 'btn plain' : 'btn'}
            onClick={() => telegram.openLink(`https://t.me/${bot}`)}
          >
            <Icon name="plane" size={20} />
            {common('open.tg')}
          </button>
        )}
        {issuers
          .filter((issuer) => issuer !== 'telegram')
          .map((issuer) => (
            <Issuer
              key={issuer}
              act={act}
              name={t('in.with', { name: displayName(issuer) })}
              onGo={() => void leave(issuer)}
            />
          ))}
        <Problem act={act} />
      </div>
      <div className="or">{t('in.or')}</div>
    </>
  );
}

function Issuer({ act, name, first = false, onGo }: { act: Act; name: string; first?: boolean; onGo: () => void }) {
  return (
    <button
      type="button"
      className={first ? 'btn' : 'btn soft'}
      aria-busy={act.busy}
      disabled={act.busy || act.wait > 0}
      onClick={onGo}
    >
      {first && <Icon name="plane" size={20} />}
      <span>{name}</span>
    </button>
  );
}

function Register(ways: Ways) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const api = useAccountApi();
  const act = useAct();
  const [password, setPassword] = useState('');
  const [confirm, setConfirm] = useState('');
  useBack(() => navigate('/'));
  const submit = () => {
    if (password !== confirm) return act.refuse('password_mismatch');
    return proceed(act, ways, () => api.register(ways.name.trim(), password, confirm));
  };
  return (
    <DoorPage small title={t('register.title')} text={t('register.text')}>
      <Form act={act} onSubmit={submit}>
        <EmailField value={ways.name} onValue={ways.onName} problem={useFieldProblem(act, 'email')} />
        <NewPassword
          act={act}
          label={t('field.password')}
          again={t('field.confirm')}
          value={password}
          confirm={confirm}
          onValue={setPassword}
          onConfirm={setConfirm}
        />
        <Problem act={act} fields={['email', 'password', 'confirmPassword']} />
        <Submit act={act}>{t('register.go')}</Submit>
      </Form>
      <button type="button" className="btn plain" onClick={() => navigate('/')}>
        {t('register.have')}
      </button>
    </DoorPage>
  );
}

function Forgot({ name, onName }: Named) {
  const t = useTexts();
  const { t: common } = useLocale();
  const [, navigate] = useLocation();
  const api = useAccountApi();
  const act = useAct();
  const [sent, setSent] = useState<string | null>(null);
  const problem = useFieldProblem(act, 'email');
  useBack(() => navigate('/'));
  const submit = () =>
    act.run(async () => {
      await api.forgot(name.trim());
      setSent(name.trim());
    });
  const back = (
    <button type="button" className="btn plain" onClick={() => navigate('/')}>
      {common('back')}
    </button>
  );
  if (sent !== null) {
    return (
      <DoorPage small title={t('forgot.sent')} text={t('forgot.sentText', { email: sent })}>
        {back}
      </DoorPage>
    );
  }
  return (
    <DoorPage small title={t('forgot.title')} text={t('forgot.text')}>
      <Form act={act} onSubmit={submit}>
        <EmailField value={name} onValue={onName} problem={problem} />
        <Problem act={act} fields={['email']} />
        <Submit act={act}>{t('forgot.go')}</Submit>
      </Form>
      {back}
    </DoorPage>
  );
}

const REASONS = {
  session_revoked: 'ended.revoked',
  refresh_token_reused: 'ended.reused',
  refresh_token_expired: 'ended.expired',
  user_not_found: 'ended.gone',
  logged_out: 'ended.self',
  erased: 'erase.doneText',
} as const;

/** After the end of a session: why, and the way back in. */
export function Ended() {
  const t = useTexts();
  const telegram = useTelegram();
  const comeIn = useChat((chat) => chat.comeIn);
  const code = useChat((chat) => chat.refusal?.code);
  const [, navigate] = useLocation();
  const [byMail, setByMail] = useState(false);
  // Back in, one starts in the room and not on a page of the account that was left.
  useEffect(() => {
    if (isInside(location.pathname)) navigate('/', { replace: true });
  }, [navigate]);
  const reason = t(isReason(code) ? REASONS[code] : 'ended.expired');
  if (!telegram.initData || byMail) return <Doors note={reason} />;
  const erased = code === 'erased';
  return (
    <DoorPage title={t(erased ? 'erase.done' : 'ended.title')} text={reason}>
      <div className="stack">
        <button type="button" className="btn" onClick={() => comeIn()}>
          {t(erased ? 'erase.again' : 'ended.again')}
        </button>
        <button type="button" className="btn plain" onClick={() => setByMail(true)}>
          {t('in.byMail')}
        </button>
      </div>
    </DoorPage>
  );
}

const isReason = (code: string | undefined): code is keyof typeof REASONS => code !== undefined && code in REASONS;
const isInside = (path: string): boolean => path.startsWith('/settings') || path === '/mask';
