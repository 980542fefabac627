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
      <Side onMask={openMask} />
      <Room onMask={openMask} onHow={openHow} />
      <Suspense>
        {path === MASK && <later.MaskSheet onClose={close} />}
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
function Side({ onMask }: { onMask: () => void }) {
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
            <button type="button" className="li press" aria-label={t('mask.change')} onClick={onMask}>
              <Mask url={profile.avatarUrl} size={54} />
              <span className="li-t">
                <b className={`name ${hue(profile.color)}`} dir="auto">
                  {profile.nickname}
                </b>
                <small>{t('mask.others')}</small>
              </span>
              <Icon name="right" size={20} />
            </button>
          </div>
          <p className="group-f">{t('first.unseen')}</p>
        </>
      )}
    </aside>
  );
}
