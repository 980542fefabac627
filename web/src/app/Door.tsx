/** Where one stands without a mask: how to get in, or why not. */
import type { Failure } from '../chat/model';
import { useChat } from '../chat/store';
import { type Locale, useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { botName, Page } from './Page';
import { useTelegram } from './TelegramContext';

/** Leads to the bot, or says how to find it when the server does not know its name. */
function OpenInTelegram() {
  const { t } = useLocale();
  const telegram = useTelegram();
  const bot = botName();
  if (!bot) return <p className="soft say">{t('open.find')}</p>;
  return (
    <button type="button" className="btn" onClick={() => telegram.openLink(`https://t.me/${bot}`)}>
      <Icon name="plane" size={20} />
      {t('open.tg')}
    </button>
  );
}

function Outside() {
  const { t } = useLocale();
  return (
    <Page title={t('open.title')} text={t('open.text')}>
      <OpenInTelegram />
    </Page>
  );
}

function Stale() {
  const { t, language } = useLocale();
  const stop = language === 'zh' ? '。' : '. ';
  return (
    <Page title={t('open.again')} text={`${t('open.stale')}${stop}${t('open.once')}`} note={t('open.kept')}>
      <CloseOrOpen />
    </Page>
  );
}

function Refused({ refusal }: { refusal: Failure | null }) {
  const { t } = useLocale();
  return (
    <Page title={t('refused.title')} text={reason(t, refusal?.code)}>
      <CloseOrOpen />
    </Page>
  );
}

function reason(t: Locale['t'], code: string | undefined): string {
  if (code === 'account_disabled') return t('refused.disabled');
  if (code === 'init_data_invalid') return t('refused.invalid');
  return t('refused.other');
}

/** Inside Telegram a new launch begins with closing this one. */
function CloseOrOpen() {
  const { t } = useLocale();
  const telegram = useTelegram();
  if (!telegram.canClose) return <OpenInTelegram />;
  return (
    <button type="button" className="btn" onClick={() => telegram.close()}>
      {t('close')}
    </button>
  );
}

function Unreachable() {
  const { t } = useLocale();
  const tryAgain = useChat((chat) => chat.tryAgain);
  return (
    <Page title={t('unreachable.title')} text={t('err.net')}>
      <button type="button" className="btn" onClick={() => tryAgain()}>
        {t('unreachable.try')}
      </button>
    </Page>
  );
}

/** The page of a phase in which there is no room to show. */
export default function Door({ phase }: { phase: 'outside' | 'stale' | 'refused' | 'unreachable' }) {
  const refusal = useChat((chat) => chat.refusal);
  switch (phase) {
    case 'outside':
      return <Outside />;
    case 'stale':
      return <Stale />;
    case 'refused':
      return <Refused refusal={refusal} />;
    case 'unreachable':
      return <Unreachable />;
  }
}
