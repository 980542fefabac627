import { useState } from 'react';
import { hue } from '../chat/Bubble';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Confirm } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import { useAccount } from './AccountContext';
import { NAMES } from './Language';
import { Link } from './List';
import { useTexts } from './texts';

/** The settings' first page. */
export function Overview({ onOpen }: { onOpen: (path: string) => void }) {
  const t = useTexts();
  const { language, t: common } = useLocale();
  const { user } = useAccount();
  const profile = useChat((chat) => chat.profile);
  const logout = useChat((chat) => chat.logout);
  const [leaving, setLeaving] = useState(false);
  const linked = user && (user.email ?? (user.telegramId === null ? t('settings.notLinked') : 'Telegram'));
  return (
    <>
      {profile && (
        <div className="group">
          <button type="button" className="li press tall" onClick={() => onOpen('/mask')}>
            <Mask url={profile.avatarUrl} size={54} />
            <span className="li-t">
              <b className={`name ${hue(profile.color)}`} dir="auto">
                {profile.nickname}
              </b>
              <small>{t('settings.seen')}</small>
            </span>
            <Icon name="right" size={20} />
          </button>
        </div>
      )}
      <div className="group gap">
        <Link icon="box" tile="#5945d0" title={t('stored.title')} onOpen={() => onOpen('/settings/stored')} />
        <Link icon="shield" tile="#2f64d8" title={t('settings.hidden')} onOpen={() => onOpen('/how')} />
      </div>
      <div className="group gap">
        <Link
          icon="link"
          tile="#138a84"
          title={t('account.link')}
          value={linked ?? ''}
          onOpen={() => onOpen('/settings/account')}
        />
        <Link icon="devices" tile="#1981b3" title={t('devices.title')} onOpen={() => onOpen('/settings/account')} />
        <Link
          icon="globe"
          tile="#873fcb"
          title={t('language.title')}
          value={NAMES[language]}
          onOpen={() => onOpen('/settings/account')}
        />
        <Link icon="clock" tile="#586d84" title={t('journal.title')} onOpen={() => onOpen('/settings/journal')} />
      </div>
      <div className="group gap">
        <Link icon="out" tile="#586d84" title={t('settings.out')} bad onOpen={() => setLeaving(true)} />
        <Link icon="trash" tile="#c62b34" title={t('erase.title')} bad onOpen={() => onOpen('/settings/erase')} />
      </div>
      {leaving && (
        <Confirm
          title={`${t('settings.out')}?`}
          text={t('settings.outText')}
          action={t('devices.out')}
          refuse={t('settings.stay') || common('cancel')}
          danger
          onConfirm={() => void logout()}
          onClose={() => setLeaving(false)}
        />
      )}
    </>
  );
}
