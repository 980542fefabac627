/**
 * The conversation. TanStack Virtual keeps the list anchored at its end: what is on the screen stays
 * where it is when older messages come in above, and the newest stays in sight while one is at the
 * bottom. `overflow-anchor` is off, because the browser and the list would both correct.
 */
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { type BubbleActions, Message } from './Bubble';
import { type Row, timeline } from './rows';
import { useChat } from './store';

/** Nearer to the end than this counts as being there. */
const AT_END_PX = 50;
/** Older messages are asked for before the top comes into sight. */
const OLDER_PX = 600;

type List = Virtualizer<HTMLDivElement, Element>;

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
  useStayAtEnd(list, scroller, pinned);
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

/**
 * Opens at the line "new messages" if there is one, else at the newest. A line that comes later, after
 * the first catch-up or after a time in the background, is led to as well, unless one reads above.
 */
function useOpening(
  list: List,
  rows: readonly Row[],
  unreadFrom: number | null,
  pinned: React.RefObject<boolean>,
): void {
  const ledTo = useRef<number | null | undefined>(undefined);
  const visible = useSyncExternalStore(onVisibilityChange, isVisible);
  useLayoutEffect(() => {
    const opening = ledTo.current === undefined;
    if (rows.length === 0 || ledTo.current === unreadFrom || !(opening || visible)) return;
    ledTo.current = unreadFrom;
    const line = rows.findIndex((row) => row.unread);
    if (line >= 0 && (opening || pinned.current)) {
      pinned.current = false;
      list.scrollToIndex(line, { align: 'start' });
    } else if (opening) {
      list.scrollToEnd();
    }
  }, [list, rows, unreadFrom, visible, pinned]);
  // Mounted again (as StrictMode does), the list starts at its top again.
  useLayoutEffect(
    () => () => {
      ledTo.current = undefined;
    },
    [],
  );
}

function onVisibilityChange(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed);
  return () => document.removeEventListener('visibilitychange', changed);
}

function isVisible(): boolean {
  return document.visibilityState === 'visible';
}

/**
 * The list keeps its place by itself; this is for web views in which it does not. What stood at the
 * top is remembered while scrolling, and when older messages have come in above, it is put back.
 */
function useKeepPlace(list: List, rows: readonly Row[], scroller: React.RefObject<HTMLDivElement | null>): void {
  const place = useRef<{ key: string; top: number } | null>(null);
  const oldest = rows[0]?.key;
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const remember = () => {
      const item = list.getVirtualItemForOffset(element.scrollTop);
      place.current = item ? { key: String(item.key), top: item.start - element.scrollTop } : null;
    };
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [list, scroller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for only when the oldest row is another one
  useLayoutEffect(() => {
    const element = scroller.current;
    const { key, top } = place.current ?? {};
    if (!element || top === undefined || isAtEnd(element)) return;
    // What is drawn counts: while a finger moves the list, drawn and laid out differ on purpose.
    const item =
      list.getVirtualItems().find((drawn) => drawn.key === key) ??
      list.measurementsCache.find((laidOut) => laidOut.key === key);
    const moved = item ? item.start - element.scrollTop - top : 0;
    if (Math.abs(moved) > 1) element.scrollTop += moved;
  }, [list, oldest, scroller]);
}

/** The keyboard and the growing composer take height away: whoever was at the bottom stays there. */
function useStayAtEnd(
  list: List,
  scroller: React.RefObject<HTMLDivElement | null>,
  pinned: React.RefObject<boolean>,
): void {
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    // Only scrolling unpins: when the box shrinks, the distance to the end grows by itself, and a
    // scroll event that comes before the observer must not be taken for somebody's wish.
    let height = -1;
    const scrolled = () => {
      if (element.clientHeight === height) pinned.current = isAtEnd(element);
    };
    const observer = new ResizeObserver(() => {
      height = element.clientHeight;
      if (pinned.current) list.scrollToEnd();
    });
    element.addEventListener('scroll', scrolled, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', scrolled);
      observer.disconnect();
    };
  }, [list, scroller, pinned]);
}

function isAtEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight <= AT_END_PX;
}

/** A short way is shown, a long one or reduced motion is jumped. */
function glides(element: HTMLElement | null): boolean {
  if (!element || matchMedia('(prefers-reduced-motion: reduce)').matches) return false;
  return element.scrollHeight - element.scrollTop < 4 * element.clientHeight;
}

/** What one says oneself is always shown, wherever the list stood. */
function useOwnInSight(list: List, rows: readonly Row[]): void {
  const last = rows.at(-1);
  const waiting = last?.entry.own && last.entry.state === 'pending' ? last.key : null;
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (waiting === null || shown.current === waiting) return;
    shown.current = waiting;
    list.scrollToEnd();
  }, [list, waiting]);
}

/** Tells the chat where the list stands: at the bottom, what was seen, whether older ones are wanted. */
function usePosition(
  list: List,
  rows: readonly Row[],
  scroller: React.RefObject<HTMLDivElement | null>,
  pinned: React.RefObject<boolean>,
): boolean {
  const [atEnd, setAtEnd] = useState(true);
  const hasOlder = useChat((chat) => chat.hasOlder);
  const loadOlder = useChat((chat) => chat.loadOlder);
  const setAtBottom = useChat((chat) => chat.setAtBottom);
  const read = useChat((chat) => chat.read);

  const look = useCallback(() => {
    const element = scroller.current;
    if (!element || rows.length === 0) return;
    const end = isAtEnd(element);
    if (end) pinned.current = true;
    setAtEnd(end);
    setAtBottom(end);
    if (hasOlder && element.scrollTop < OLDER_PX) loadOlder();
    if (isVisible()) {
      const seen = lastSeen(list, rows, element);
      if (seen !== undefined) read(seen);
    }
  }, [list, rows, scroller, pinned, hasOlder, loadOlder, setAtBottom, read]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let frame = requestAnimationFrame(look);
    const soon = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    element.addEventListener('scroll', soon, { passive: true });
    document.addEventListener('visibilitychange', soon);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener('scroll', soon);
      document.removeEventListener('visibilitychange', soon);
    };
  }, [look, scroller]);
  return atEnd;
}

/** Seq of the lowest message whose end is on the screen. */
function lastSeen(list: List, rows: readonly Row[], element: HTMLElement): number | undefined {
  const bottom = element.scrollTop + element.clientHeight + 1;
  let seen: number | undefined;
  for (const { end, index } of list.getVirtualItems()) {
    if (end <= bottom) seen = rows[index]?.entry.seq ?? seen;
  }
  return seen;
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
