import { type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { later } from '../app/later';
import { useLocale } from '../i18n';
import { Minor, useWelcome, Welcome } from '../profile/Welcome';
import { Icon } from '../ui/Icon';
import type { BubbleActions } from './Bubble';
import './chat.css';
import { Composer } from './Composer';
import { Log } from './Log';
import type { MenuTarget } from './Menu';
import { SkeletonRows } from './SkeletonRows';
import { useChat } from './store';

/** The global room: header, what is said, and where one says something. */
export function Room({ onMask, onHow, onSettings }: { onMask: () => void; onHow: () => void; onSettings: () => void }) {
  const welcome = useWelcome();
  if (welcome.minor) return <Minor onBack={welcome.takeBack} />;
  return (
    <div className="app">
      <Header onSettings={onSettings} />
      <Conversation>
        {welcome.shown && <Welcome onAccept={welcome.accept} onMinor={welcome.refuse} onHow={onHow} />}
      </Conversation>
      {!welcome.shown && <Composer onMask={onMask} />}
    </div>
  );
}

function Header({ onSettings }: { onSettings: () => void }) {
  const { t } = useLocale();
  return (
    <>
      <header className="bar">
        <div className="bar-main">
          <span className="emblem">
            <Icon name="mask" />
          </span>
          <div className="ell">
            <h1 className="bar-title">{t('room.global')}</h1>
            <Presence />
          </div>
        </div>
        {/* On wide screens it stands above the left pane. */}
        <button type="button" className="tool narrow" aria-label={t('settings')} onClick={onSettings}>
          <Icon name="gear" />
        </button>
      </header>
      <Reconnecting />
    </>
  );
}

export function Presence() {
  const { t } = useLocale();
  const online = useChat((chat) => chat.online);
  const connection = useChat((chat) => chat.connection);
  const words = {
    connecting: () => t('room.connecting'),
    reconnecting: () => t('room.offline'),
    online: () => (online > 0 ? t('room.many', { n: online }) : t('room.few')),
  };
  return <span className="bar-sub">{words[connection]()}</span>;
}

/** Pushes the list down and never covers it. */
function Reconnecting() {
  const { t } = useLocale();
  const away = useChat((chat) => chat.connection === 'reconnecting');
  return (
    <div className={away ? 'net on' : 'net'} role="status">
      <span>{away && t('chat.offline')}</span>
    </div>
  );
}

const TOAST_MS = 1600;

/** How far the face of the first visit's card stands into the list. */
const WELCOME_AIR_PX = 34;

/** `children` stand below the list, so they cover none of it. */
function Conversation({ children }: { children: ReactNode }) {
  const { t } = useLocale();
  const retry = useChat((chat) => chat.retry);
  const empty = useChat((chat) => chat.entries.length === 0);
  const connected = useChat((chat) => chat.connection === 'online');
  const [menu, setMenu] = useState<MenuTarget | null>(null);
  const [link, setLink] = useState<{ url: string; host: string } | null>(null);
  const [copied, setCopied] = useState(0);

  const actions = useMemo<BubbleActions>(
    () => ({
      openLink: (url, host) => setLink({ url, host }),
      openMenu: (row, bubble) => setMenu({ row, box: bubble.getBoundingClientRect() }),
      retry,
    }),
    [retry],
  );
  useEffect(() => {
    if (copied === 0) return;
    const timer = setTimeout(() => setCopied(0), TOAST_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const closeMenu = useCallback(() => setMenu(null), []);
  const closeLink = useCallback(() => setLink(null), []);

  return (
    <main className="chat" aria-busy={empty && !connected}>
      {!empty && <Log actions={actions} air={children ? WELCOME_AIR_PX : 0} />}
      {empty && !connected && <SkeletonRows />}
      {empty && connected && (
        <div className="empty">
          <p>{t('room.empty')}</p>
        </div>
      )}
      <span className="vh" role="status">
        {copied > 0 && t('menu.copied')}
      </span>
      {copied > 0 && (
        <span className="toast" aria-hidden="true">
          {t('menu.copied')}
        </span>
      )}
      {children}
      <Suspense>
        {menu && (
          <later.Menu target={menu} actions={actions} onCopied={() => setCopied(Date.now())} onClose={closeMenu} />
        )}
        {link && <later.OpenLink {...link} onClose={closeLink} />}
      </Suspense>
    </main>
  );
}
