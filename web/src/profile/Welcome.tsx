import { useCallback, useEffect, useState } from 'react';
import { Page } from '../app/Page';
import { useTelegram } from '../app/TelegramContext';
import { hue } from '../chat/Bubble';
import { chat, useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Icon, type IconName } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './profile.css';
import { useNewMask } from './useNewMask';
import { acceptedBy, acceptFor, passOn } from './welcomed';

/** Whether the card of the first visit is due for this mask on this device, and what was answered. */
export function useWelcome() {
  const id = useChat((chat) => chat.profile?.id);
  const [accepted, setAccepted] = useState<number | null>(null);
  const [minor, setMinor] = useState(false);
  // Whichever device of the person took the new mask: the yes was the person's. Between two people there
  // is a moment without a mask.
  useEffect(
    () =>
      chat.subscribe((now, before) => {
        if (before.profile && now.profile) passOn(before.profile.id, now.profile.id);
      }),
    [],
  );
  const accept = useCallback(() => {
    if (id === undefined) return;
    acceptFor(id);
    setAccepted(id);
  }, [id]);
  const refuse = useCallback(() => setMinor(true), []);
  const takeBack = useCallback(() => setMinor(false), []);
  const shown = id !== undefined && accepted !== id && !acceptedBy(id);
  return { shown, minor, accept, refuse, takeBack };
}

/** The card of the first visit. It stands below the list, so it never covers the newest messages. */
export function Welcome({
  onAccept,
  onMinor,
  onHow,
}: {
  onAccept: () => void;
  onMinor: () => void;
  onHow: () => void;
}) {
  const { t } = useLocale();
  const telegram = useTelegram();
  const days = useChat((chat) => chat.settings.messageDays);
  return (
    <section className="welcome" aria-labelledby="welcome">
      <Who />
      <div className="welcome-in">
        <Fact icon="eyeoff" title={t('first.unseenTitle')} text={t('first.unseen')} />
        <Fact icon="box" title={t('first.storedTitle')} text={t('first.stored', { n: days })} />
        <Fact icon="shield" title={t('first.rulesTitle')} text={t('first.rules')} />
      </div>
      <div className="stack">
        <button
          type="button"
          className="btn"
          onClick={() => {
            telegram.haptic('success');
            onAccept();
          }}
        >
          {t('first.enter')}
        </button>
        <div className="pairbtn">
          <button type="button" className="btn plain" onClick={onMinor}>
            {t('first.minor')}
          </button>
          <button type="button" className="btn plain" onClick={onHow}>
            {t('first.how')}
          </button>
        </div>
      </div>
    </section>
  );
}

/** Who one is today, and the dice for another mask: nothing has been said under this one yet. */
function Who() {
  const { t } = useLocale();
  const profile = useChat((chat) => chat.profile);
  const { take, busy, problem } = useNewMask();
  if (!profile) return null;
  return (
    <>
      <div className="welcome-who">
        <span>
          <Mask key={profile.id} url={profile.avatarUrl} size={96} className="turn" />
        </span>
        <div>
          <p>{t('first.today')}</p>
          <h2 id="welcome" className={`name ${hue(profile.color)}`} dir="auto">
            {profile.nickname}
          </h2>
        </div>
        <button type="button" className="tool on" aria-label={t('first.reroll')} disabled={busy} onClick={() => take()}>
          <Icon name="dice" />
        </button>
      </div>
      {problem && (
        <p className="refusal" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

export function Fact({ icon, title, text }: { icon: IconName; title?: string; text: string }) {
  return (
    <div className={title ? 'fact' : 'fact long'}>
      <Icon name={icon} size={28} />
      {title && <b>{title}</b>}
      <p>{text}</p>
    </div>
  );
}

/** Who is not 18 sees nothing of the room. */
export function Minor({ onBack }: { onBack: () => void }) {
  const { t } = useLocale();
  const telegram = useTelegram();
  return (
    <Page title={t('minor.title')} text={t('minor.text')}>
      {telegram.canClose && (
        <button type="button" className="btn" onClick={() => telegram.close()}>
          {t('close')}
        </button>
      )}
      <button type="button" className="btn plain" onClick={onBack}>
        {t('minor.back')}
      </button>
    </Page>
  );
}
