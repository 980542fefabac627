import { useCallback, useState } from 'react';
import { useTelegram } from '../app/TelegramContext';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';

/** Puts the mask down and takes a new one; `problem` is what to tell when that was refused. */
export function useNewMask(): { take: () => Promise<boolean>; busy: boolean; problem: string | null } {
  const { t } = useLocale();
  const telegram = useTelegram();
  const newMask = useChat((state) => state.newMask);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const take = useCallback(async () => {
    setBusy(true);
    setProblem(null);
    const outcome = await newMask();
    setBusy(false);
    if (outcome.ok) {
      telegram.haptic('success');
      return true;
    }
    telegram.haptic('error');
    setProblem(
      outcome.code === 'rate_limited'
        ? t('mask.limit')
        : outcome.code === 'unreachable'
          ? t('err.net')
          : t('err.again'),
    );
    return false;
  }, [newMask, telegram, t]);

  return { take, busy, problem };
}
