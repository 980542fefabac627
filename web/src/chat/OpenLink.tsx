import { useTelegram } from '../app/TelegramContext';
import { useLocale } from '../i18n';
import { Confirm } from '../ui/Dialog';

/** Asks before an address of another person is opened: its owner would see who comes. */
export default function OpenLink({ url, host, onClose }: { url: string; host: string; onClose: () => void }) {
  const { t } = useLocale();
  const telegram = useTelegram();
  return (
    <Confirm
      title={t('link.title', { host })}
      text={t('link.text')}
      action={t('link.open')}
      refuse={t('cancel')}
      onConfirm={() => {
        telegram.openLink(url);
        onClose();
      }}
      onClose={onClose}
    />
  );
}
