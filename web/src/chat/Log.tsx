/**
 * The conversation. TanStack Virtual keeps the list anchored at its end: what is on the screen stays
 * where it is when older messages come in above, and the newest stays in sight while one is at the
 * bottom. `overflow-anchor` is off, because the browser and the list would both correct.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useCallback, useMemo, useRef } from 'react';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { type BubbleActions, Message } from './Bubble';
import { type Row, timeline } from './rows';
import {
  AT_END_PX,
  glides,
  type List,
  useKeepPlace,
  useOpening,
  useOwnInSight,
  usePosition,
  useStayAtEnd,
} from './scrolling';
import { useChat } from './store';

/** `air` is kept free below the newest message, in pixels, for what stands into the list. */
export function Log({ actions, air = 0 }: { actions: BubbleActions; air?: number }) {
  const { t } = useLocale();
  const entries = useChat((chat) => chat.entries);
  const unreadFrom = useChat((chat) => chat.unreadFrom);
  const loadingOlder = useChat((chat) => chat.loadingOlder);
  const hasOlder = useChat((chat) => chat.hasOlder);
  const rows = useMemo(() => timeline(entries, unreadFrom, hasOlder), [entries, unreadFrom, hasOlder]);

  const scroller = useRef<HTMLDivElement>(null);
  const list: List = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimate(rows[index]),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: AT_END_PX,
    overscan: 8,
    paddingStart: 8,
    paddingEnd: 8 + air,
  });

  // Whether the list holds on to its end.
  const pinned = useRef(true);
  useOpening(list, rows, unreadFrom, pinned);
  useKeepPlace(list, rows, scroller);
  useStayAtEnd(list, rows, scroller, pinned);
  useOwnInSight(list, rows);
  const atEnd = usePosition(list, rows, scroller, pinned);

  return (
    <>
      <div
        ref={scroller}
        className="scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={t('chat.log')}
        aria-live={atEnd ? 'polite' : 'off'}
        onKeyDown={moveFocus}
      >
        {loadingOlder && <span className="vh">{t('chat.older')}</span>}
        <div className="log" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  ref={list.measureElement}
                  data-index={item.index}
                  className="slot"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <RowView row={row} actions={actions} />
                </div>
              )
            );
          })}
        </div>
      </div>
      <Jump
        shown={!atEnd && rows.length > 0}
        onJump={() => list.scrollToEnd({ behavior: glides(scroller.current) ? 'smooth' : 'auto' })}
      />
    </>
  );
}

function RowView({ row, actions }: { row: Row; actions: BubbleActions }) {
  const { t, day } = useLocale();
  return (
    <>
      {row.newDay && (
        <div className="mark">
          <span className="day">{day(row.entry.at, Date.now())}</span>
        </div>
      )}
      {row.unread && (
        <div className="mark">
          <span className="new">{t('chat.new')}</span>
        </div>
      )}
      <Message row={row} actions={actions} />
    </>
  );
}

function Jump({ shown, onJump }: { shown: boolean; onJump: () => void }) {
  const { t } = useLocale();
  const count = useChat((chat) => chat.newSince);
  if (!shown) return null;
  return (
    <button
      type="button"
      className="jump"
      aria-label={count > 0 ? t('chat.downNew', { n: count }) : t('chat.down')}
      onClick={onJump}
    >
      <Icon name="down" />
      {count > 0 && <span className="badge">{count > 999 ? '999+' : count}</span>}
    </button>
  );
}

/** ↑ and ↓ walk over the messages; Enter on one opens its menu. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const bubbles = [...event.currentTarget.querySelectorAll<HTMLElement>('.bubble')];
  const at = document.activeElement instanceof HTMLElement ? bubbles.indexOf(document.activeElement) : -1;
  const next = at < 0 ? bubbles.at(-1) : bubbles[at + (event.key === 'ArrowUp' ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

const LINE_PX = 21;
const CHARACTERS_PER_LINE = 34;

/** A guess that is near, so that the first measure moves little. */
function estimate(row: Row | undefined): number {
  if (!row) return 0;
  const { entry, first } = row;
  const lines = entry.content
    .split('\n')
    .reduce((sum, line) => sum + 1 + Math.floor(line.length / CHARACTERS_PER_LINE), 0);
  const above = (row.newDay ? 36 : 0) + (row.unread ? 38 : 0) + (first ? 25 : 0);
  return 15 + lines * LINE_PX + above + (entry.replyTo ? 52 : 0) + (entry.state === 'failed' ? 44 : 0);
}
