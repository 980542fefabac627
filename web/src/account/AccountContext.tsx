import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { ApiError } from '../api/error';
import { browserStorage, deviceName } from '../api/keeper';
import type { components } from '../api/schema';
import { useTelegram } from '../app/TelegramContext';
import { useChat } from '../chat/store';
import type { Telegram } from '../telegram';
import { Cancelled, useAct } from './act';
import { type AccountApi, createAccountApi, type User } from './api';
import { Reauth } from './Reauth';

/** The account's calls with the session of this page, if there is one. */
export function useAccountApi(): AccountApi {
  const telegram = useTelegram();
  const bearer = useChat((chat) => chat.bearer);
  return useMemo(
    () =>
      createAccountApi({
        origin: location.origin,
        language: () => telegram.language(),
        device: () => deviceName(browserStorage()),
        deviceInfo: telegram.deviceInfo,
        bearer,
      }),
    [telegram, bearer],
  );
}

type Figures = components['schemas']['Settings'];

export interface Account {
  api: AccountApi;
  /** Null until the server has told. */
  user: User | null;
  /** For how long the server keeps what; null until it has told. */
  figures: Figures | null;
  setUser: (user: User) => void;
  reload: () => Promise<void>;
  /**
   * Does what needs a fresh proof of who one is: when the server asks for one, Telegram or the person gives
   * it, and the act is done once more.
   */
  fresh: <T>(work: () => Promise<T>) => Promise<T>;
  /** Why the account could not be loaded, with the way to try again. */
  load: ReturnType<typeof useAct>;
}

const AccountContext = createContext<Account | null>(null);

export function useAccount(): Account {
  const account = useContext(AccountContext);
  if (!account) throw new Error('no account around this component');
  return account;
}

interface Asking {
  yes: () => void;
  no: () => void;
}

export function AccountProvider({ children }: { children: ReactNode }) {
  const api = useAccountApi();
  const telegram = useTelegram();
  const [me, setMe] = useState<{ user: User; figures: Figures } | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const load = useAct();
  const { run } = load;

  const reload = useCallback(
    () =>
      run(async () => {
        const { account, settings } = await api.me();
        setMe({ user: account, figures: settings });
      }),
    [api, run],
  );
  useEffect(() => {
    void reload();
  }, [reload]);
  const setUser = useCallback((user: User) => setMe((me) => me && { ...me, user }), []);

  const user = me?.user ?? null;
  const fresh = useCallback(
    async <T,>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'reauth_required')) throw error;
        if (!(await proveByTelegram(api, telegram, user))) {
          if (!user?.hasPassword && !user?.mfaEnabled) throw error;
          await new Promise<void>((yes, no) => setAsking({ yes, no: () => no(new Cancelled()) }));
        }
        return work();
      }
    },
    [api, telegram, user],
  );

  const account = useMemo<Account>(
    () => ({
      api,
      user,
      figures: me?.figures ?? null,
      setUser,
      reload: async () => void (await reload()),
      fresh,
      load,
    }),
    [api, user, me, setUser, reload, fresh, load],
  );
  return (
    <AccountContext value={account}>
      {children}
      {asking && user && (
        <Reauth
          api={api}
          byPassword={user.hasPassword}
          onProved={() => {
            asking.yes();
            setAsking(null);
          }}
          onClose={() => {
            asking.no();
            setAsking(null);
          }}
        />
      )}
    </AccountContext>
  );
}

/** Inside Telegram nobody is asked: its word for who opened the app is proof enough while it is young. */
async function proveByTelegram(api: AccountApi, telegram: Telegram, user: User | null): Promise<boolean> {
  if (!telegram.initData || !user?.telegramLinked) return false;
  try {
    await api.reauth({ initData: telegram.initData });
    return true;
  } catch (error) {
    if (error instanceof ApiError && !error.temporary) return false;
    throw error;
  }
}
