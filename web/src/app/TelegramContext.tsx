import { createContext, useContext } from 'react';
import type { Telegram } from '../telegram';

export const TelegramContext = createContext<Telegram | null>(null);

export function useTelegram(): Telegram {
  const telegram = useContext(TelegramContext);
  if (!telegram) throw new Error('no Telegram around this component');
  return telegram;
}
