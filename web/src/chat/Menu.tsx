import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTelegram } from '../app/TelegramContext';
import { useLocale } from '../i18n';
import { copyText } from '../ui/copy';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { type BubbleActions, Content } from './Bubble';
import type { Row } from './rows';
import { useChat } from './store';

/** A message and where its bubble stood on the screen when its menu was asked for. */
export interface MenuTarget {
  row: Row;
  box: DOMRect;
}

const GAP = 8;
const EDGE = 12;

/** The menu of one message: the bubble stays where it was, the rest goes into the shade. */
export default function Menu({
  target: { row, box },
  actions,
  onCopied,
  onClose,
}: {
  target: MenuTarget;
  actions: BubbleActions;
  onCopied: () => void;
  onClose: () => void;
}) {
  const { t } = useLocale();
  const telegram = useTelegram();
  const retry = useChat((chat) => chat.retry);
  const discard = useChat((chat) => chat.discard);
  const { entry } = row;
  const { cid } = entry;
  useEffect(() => telegram.haptic('selection'), [telegram]);
  const then = (act: () => void, close: () => void) => () => {
    act();
    close();
  };

  const menu = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ bubble: box.top, menu: box.bottom + GAP });
  useLayoutEffect(() => {
    const height = menu.current?.offsetHeight ?? 0;
    const screen = menu.current?.closest('dialog')?.clientHeight || innerHeight;
    setPlace(placed(box, height, screen));
  }, [box]);

  return (
    <Dialog label={t('menu.title')} onClose={onClose}>
      {(close) => (
        <>
          <div
            className={`lifted ${entry.own ? 'own' : 'in'}`}
            style={{ top: place.bubble, left: box.left, width: box.width }}
          >
            <div
              className="bubble"
              style={{ width: box.width, maxWidth: 'none', maxHeight: box.height, overflow: 'hidden' }}
            >
              <Content row={row} actions={actions} />
            </div>
          </div>
          <div
            ref={menu}
            className="menu"
            style={{
              top: place.menu,
              ...(entry.own ? { right: Math.max(EDGE, innerWidth - box.right) } : { left: box.left }),
            }}
          >
            <button
              type="button"
              onClick={async () => {
                if (await copyText(entry.content)) onCopied();
                close();
              }}
            >
              {t('menu.copy')}
              <Icon name="copy" />
            </button>
            {entry.state === 'failed' && cid && (
              <>
                <button type="button" onClick={then(() => retry(cid), close)}>
                  {t('msg.retry')}
                  <Icon name="undo" />
                </button>
                <button type="button" className="bad" onClick={then(() => discard(cid), close)}>
                  {t('menu.discard')}
                  <Icon name="trash" />
                </button>
              </>
            )}
          </div>
        </>
      )}
    </Dialog>
  );
}

/** Below the bubble if there is room, else above it; a bubble higher than the screen gives way. */
export function placed(
  box: { top: number; bottom: number },
  menuHeight: number,
  screen: number,
): { bubble: number; menu: number } {
  const below = box.bottom + GAP;
  if (below + menuHeight + EDGE <= screen) return { bubble: box.top, menu: Math.max(EDGE, below) };
  const above = box.top - GAP - menuHeight;
  if (above >= EDGE) return { bubble: box.top, menu: above };
  const menu = screen - EDGE - menuHeight;
  return { bubble: Math.min(box.top, menu - GAP - (box.bottom - box.top)), menu };
}
