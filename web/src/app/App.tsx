import { Suspense, useCallback, useEffect, useMemo } from 'react';
import { useLocation } from 'wouter';
import { hue } from '../chat/Bubble';
import { Presence, Room } from '../chat/Room';
import { useChat } from '../chat/store';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './app.css';
import { above, isSettings, SETTINGS } from '../account/places';
import { later, loadLater } from './later';
import { issuerOf, mailLinkOf } from './mailLink';

export function App() {
  const phase = useChat((chat) => chat.phase);
  const [path] = useLocation();
  const mailLink = mailLinkOf(path);
  if (mailLink) {
    return (
      <Suspense>
        <later.MailLink kind={mailLink} />
      </Suspense>
    );
  }
  const issuer = issuerOf(path);
  if (issuer) {
    return (
      <Suspense>
        <later.Issued issuer={issuer} />
      </Suspense>
    );
  }
  return <Suspense>{phase === 'starting' || phase === 'ready' ? <Shell /> : <later.Door phase={phase} />}</Suspense>;
}

/** Paths of what opens over the room. */
const MASK = '/mask';
const HOW = '/how';

function Shell() {
  const [path] = useLocation();
  const { open, close, up } = useSheets();
  const openMask = useCallback(() => open(MASK), [open]);
  const openHow = useCallback(() => open(HOW), [open]);
  const openSettings = useCallback(() => open(SETTINGS), [open]);
  const ways = useMemo(() => ({ open, up }), [open, up]);
  useEffect(loadLater, []);
  return (
    <div className="shell">
      <Side onMask={openMask} onHow={openHow} onSettings={openSettings} />
      <Room onMask={openMask} onHow={openHow} onSettings={openSettings} />
      <Suspense>
        {path === MASK && <later.MaskSheet onHow={openHow} onClose={close} />}
        {path === HOW && <later.HowSheet onClose={close} />}
        {isSettings(path) && <later.Settings path={path} ways={ways} />}
      </Suspense>
    </div>
  );
}

/** Sheets are places of their own, so that the browser's Back closes them and a reload keeps them. */
function useSheets(): { open: (path: string) => void; close: () => void; up: () => void } {
  const [, navigate] = useLocation();
  const open = useCallback((path: string) => navigate(path, { state: { opened: true } }), [navigate]);
  /** To where one came from; to `otherwise` when the page was opened right here. */
  const leave = useCallback(
    (otherwise: string) => {
      const state: unknown = history.state;
      const opened = typeof state === 'object' && state !== null && 'opened' in state;
      if (opened) history.back();
      else navigate(otherwise, { replace: true });
    },
    [navigate],
  );
  const close = useCallback(() => leave('/'), [leave]);
  const up = useCallback(() => leave(above(location.pathname)), [leave]);
  return { open, close, up };
}

/** The left pane of wide screens: who one is, and where one can be. */
function Side({ onMask, onHow, onSettings }: { onMask: () => void; onHow: () => void; onSettings: () => void }) {
  const { t } = useLocale();
  const profile = useChat((chat) => chat.profile);
  return (
    <aside className="side">
      <div className="side-h">
        <span>Maska</span>
        <button type="button" className="tool" aria-label={t('settings')} onClick={onSettings}>
          <Icon name="gear" />
        </button>
      </div>
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
