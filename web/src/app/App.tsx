import { Suspense, useCallback, useEffect } from 'react';
import { useLocation } from 'wouter';
import { hue } from '../chat/Bubble';
import { Presence, Room } from '../chat/Room';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './app.css';
import { later, loadLater } from './later';

export function App() {
  const phase = useChat((chat) => chat.phase);
  return <Suspense>{phase === 'starting' || phase === 'ready' ? <Shell /> : <later.Door phase={phase} />}</Suspense>;
}

/** Paths of what opens over the room. */
const MASK = '/mask';
const HOW = '/how';

function Shell() {
  const [path] = useLocation();
  const { open, close } = useSheets();
  const openMask = useCallback(() => open(MASK), [open]);
  const openHow = useCallback(() => open(HOW), [open]);
  useEffect(loadLater, []);
  return (
    <div className="shell">
      <Side onMask={openMask} onHow={openHow} />
      <Room onMask={openMask} onHow={openHow} />
      <Suspense>
        {path === MASK && <later.MaskSheet onHow={openHow} onClose={close} />}
        {path === HOW && <later.HowSheet onClose={close} />}
      </Suspense>
    </div>
  );
}

/** Sheets are places of their own, so that the browser's Back closes them and a reload keeps them. */
function useSheets(): { open: (path: string) => void; close: () => void } {
  const [, navigate] = useLocation();
  const open = useCallback((path: string) => navigate(path, { state: { opened: true } }), [navigate]);
  const close = useCallback(() => {
    const state: unknown = history.state;
    const opened = typeof state === 'object' && state !== null && 'opened' in state;
    if (opened) history.back();
    else navigate('/', { replace: true });
  }, [navigate]);
  return { open, close };
}

/** The left pane of wide screens: who one is, and where one can be. */
function Side({ onMask, onHow }: { onMask: () => void; onHow: () => void }) {
  const { t } = useLocale();
  const profile = useChat((chat) => chat.profile);
  return (
    <aside className="side">
      <div className="side-h">Maska</div>
      <div className="group">
        <div className="li" aria-current="true">
          <span className="emblem s54">
            <Icon name="mask" />
          </span>
          <span className="li-t">
            <b>{t('room.global')}</b>
            <Presence />
          </span>
        </div>
      </div>
      {profile && (
        <>
          <div className="group-h">{t('mask.title')}</div>
          <div className="group">
            <div className="stage">
              <Mask key={profile.id} url={profile.avatarUrl} size={96} className="turn" />
              <h2 className={`name ${hue(profile.color)}`} dir="auto">
                {profile.nickname}
              </h2>
              <p>{t('first.unseen')}</p>
            </div>
            <div className="stack pad">
              <button type="button" className="btn soft" onClick={onMask}>
                {t('mask.change')}
              </button>
              <button type="button" className="btn plain" onClick={onHow}>
                {t('first.how')}
              </button>
            </div>
          </div>
        </>
      )}
    </aside>
  );
}
