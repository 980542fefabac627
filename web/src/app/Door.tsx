/** Where one stands without a mask: how to get in, or why not. */
import { useState } from 'react';
import { Doors, Ended } from '../account/Doors';
import { SecondStep } from '../account/SecondStep';
import { useTexts } from '../account/texts';
import type { Failure } from '../chat/model';
import { chat, type Phase, useChat } from '../chat/store';
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

/** Telegram's word is too old; e-mail still leads in. */
function Stale() {
  const { t, language } = useLocale();
  const account = useTexts();
  const [byMail, setByMail] = useState(false);
  const stop = language === 'zh' ? '。' : '. ';
  if (byMail) return <Doors />;
  return (
    <Page title={t('open.again')} text={`${t('open.stale')}${stop}${t('open.once')}`} note={t('open.kept')}>
      <CloseOrOpen />
      <button type="button" className="btn plain" onClick={() => setByMail(true)}>
        {account('in.byMail')}
      </button>
    </Page>
  );
}

function Refused({ refusal }: { refusal: Failure | null }) {
  const { t } = useLocale();
  const tryAnew = useChat((state) => state.comeIn);
  const challenge = refusal?.challenge;
  if (challenge) {
    return (
      <SecondStep challenge={challenge} onIn={(tokens) => chat.getState().enter(tokens)} onBack={() => tryAnew()} />
    );
  }
  return (
    <Page title={t('refused.title')} text={reason(t, refusal?.code)}>
      <CloseOrOpen />
    </Page>
  );
}

function reason(t: Locale['t'], code: string | undefined): string {
  if (code === 'account_disabled') return t('refused.disabled');
  if (code === 'init_data_invalid') return t('refused.invalid');
  if (code === 'geo_blocked') return t('refused.region');
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
  const tryAgain = useChat((state) => state.tryAgain);
  return (
    <Page title={t('unreachable.title')} text={t('err.net')}>
      <button type="button" className="btn" onClick={() => tryAgain()}>
        {t('unreachable.try')}
      </button>
    </Page>
  );
}

/** The page of a phase in which there is no room to show. */
export default function Door({ phase }: { phase: Exclude<Phase, 'starting' | 'ready'> }) {
  const refusal = useChat((state) => state.refusal);
  switch (phase) {
    case 'outside':
      return <Doors />;
    case 'stale':
      return <Stale />;
    case 'ended':
      return <Ended />;
    case 'refused':
      return <Refused refusal={refusal} />;
    case 'unreachable':
      return <Unreachable />;
  }
}
