import { type MouseEvent, memo, type ReactNode, useRef, useState } from 'react';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import { isBigEmoji, pieces } from '../ui/text';
import type { Entry, Reply } from './model';
import type { Row } from './rows';

/** What a bubble asks of the room around it. The same object for all bubbles, so that rows stay memoised. */
export interface BubbleActions {
  openLink(url: string, host: string): void;
  openMenu(row: Row, bubble: HTMLElement): void;
  retry(cid: string): void;
}

/** Own bubbles rise only when they have just been said, not when the list scrolls back to them. */
const FRESH_MS = 1000;

export const Message = memo(
  function Message({ row, actions }: { row: Row; actions: BubbleActions }) {
    const { t } = useLocale();
    const { entry, first, last } = row;
    const [fresh] = useState(() => entry.own && entry.state === 'pending' && Date.now() - entry.at < FRESH_MS);
    const side = entry.own ? 'own' : 'in';
    return (
      <>
        <div className={`row ${side}${first ? ' first' : ''}${last ? ' last' : ''}${fresh ? ' rise' : ''}`}>
          {!entry.own && (last ? <Mask url={entry.author?.avatarUrl ?? null} size={36} /> : <span className="gap" />)}
          <BubbleBox row={row} actions={actions}>
            <Content row={row} actions={actions} />
          </BubbleBox>
        </div>
        {entry.state === 'failed' && (
          <div className="failed">
            <span>
              <Icon name="alert" size={16} />
              {t('msg.failed')}
            </span>
            {entry.cid && (
              <button type="button" onClick={() => entry.cid && actions.retry(entry.cid)}>
                <b>{t('msg.retry')}</b>
              </button>
            )}
          </div>
        )}
      </>
    );
  },
  (a, b) =>
    a.row.entry === b.row.entry && a.row.first === b.row.first && a.row.last === b.row.last && a.actions === b.actions,
);

/** Long enough to be no tap, short enough to feel like one press. */
const LONG_PRESS_MS = 450;

/** The bubble as a thing that can be reached: long press, context menu and keys open its menu. */
function BubbleBox({ row, actions, children }: { row: Row; actions: BubbleActions; children: ReactNode }) {
  const timer = useRef(0);
  const cancel = () => clearTimeout(timer.current);
  const open = (element: HTMLElement) => {
    cancel();
    if (!row.entry.deleted) actions.openMenu(row, element);
  };
  return (
    <article
      className="bubble"
      tabIndex={-1}
      onContextMenu={(event: MouseEvent<HTMLElement>) => {
        // A link and a selection have a menu of the browser's own.
        if (event.target instanceof Element && event.target.closest('a')) return;
        if (getSelection()?.isCollapsed === false) return;
        event.preventDefault();
        open(event.currentTarget);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
        event.preventDefault();
        open(event.currentTarget);
      }}
      onTouchStart={(event) => {
        const element = event.currentTarget;
        timer.current = window.setTimeout(() => open(element), LONG_PRESS_MS);
      }}
      onTouchMove={cancel}
      onTouchEnd={cancel}
      onTouchCancel={cancel}
    >
      {children}
    </article>
  );
}

/** What stands inside of a bubble; the menu shows it once more above its shade. */
export function Content({ row, actions }: { row: Row; actions: BubbleActions }) {
  const { t } = useLocale();
  const { entry, first } = row;
  if (entry.deleted) {
    return (
      <div className="fold">
        <Icon name="trash" size={20} />
        {t('msg.deleted')}
      </div>
    );
  }
  const name = entry.author?.nickname ?? t('msg.unmasked');
  return (
    <>
      {!entry.own && (
        <span className={first ? `author ${hue(entry.author?.color)}` : 'vh'} dir="auto">
          {name}
        </span>
      )}
      {entry.replyTo && <Quote reply={entry.replyTo} />}
      <p className={isBigEmoji(entry.content) ? 'txt big' : 'txt'} dir="auto">
        <Text content={entry.content} actions={actions} />
        <Meta entry={entry} />
      </p>
    </>
  );
}

function Text({ content, actions }: { content: string; actions: BubbleActions }) {
  return pieces(content).map((piece, at) =>
    piece.kind === 'text' ? (
      piece.text
    ) : (
      <a
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change their order
        key={at}
        href={piece.url}
        rel="noopener noreferrer nofollow"
        target="_blank"
        onClick={(event) => {
          event.preventDefault();
          actions.openLink(piece.url, piece.host);
        }}
      >
        {piece.text}
      </a>
    ),
  );
}

function Quote({ reply }: { reply: Reply }) {
  const { t } = useLocale();
  return (
    <span className="quote">
      <b dir="auto">{reply.nickname}</b>
      <span dir="auto">{reply.excerpt ?? t('msg.deleted')}</span>
    </span>
  );
}

const TICKS = { pending: 'clock', sent: 'sent', failed: 'alert' } as const;
const TICK_WORDS = { pending: 'msg.sending', sent: 'msg.sent', failed: 'msg.failed' } as const;

function Meta({ entry }: { entry: Entry }) {
  const { t, time } = useLocale();
  return (
    <span className="meta" dir="ltr">
      {entry.edited && <span>{t('msg.edited')}</span>}
      <time dateTime={new Date(entry.at).toISOString()}>{time(entry.at)}</time>
      {entry.own && (
        <>
          <Icon name={TICKS[entry.state]} className={`tick-${entry.state}`} />
          <span className="vh">{t(TICK_WORDS[entry.state])}</span>
        </>
      )}
    </span>
  );
}

/** The class that brings a mask's hue; none for a mask that is gone. */
export function hue(color: number | undefined): string {
  return color === undefined ? '' : `n${color}`;
}
