/**
 * How the list moves, and why: it opens where one left off, holds on to its end while one is there,
 * and otherwise never moves what is being read. One hook for each of these wishes.
 */
import type { Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Row } from './rows';
import { useChat } from './store';

/** Nearer to the end than this counts as being there. */
export const AT_END_PX = 50;
/** Older messages are asked for before the top comes into sight. */
const OLDER_PX = 600;

export type List = Virtualizer<HTMLDivElement, Element>;

/**
 * Opens at the line "new messages" if there is one, else at the newest. A line that comes later, after
 * the first catch-up or after a time in the background, is led to as well, unless one reads above.
 */
export function useOpening(
  list: List,
  rows: readonly Row[],
  unreadFrom: number | null,
  pinned: RefObject<boolean>,
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
export function useKeepPlace(list: List, rows: readonly Row[], scroller: RefObject<HTMLDivElement | null>): void {
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

/** The keyboard takes height away, and messages come in crowds: whoever was at the bottom stays there. */
export function useStayAtEnd(
  list: List,
  rows: readonly Row[],
  scroller: RefObject<HTMLDivElement | null>,
  pinned: RefObject<boolean>,
): void {
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    // Only scrolling unpins: when the box shrinks, the distance to the end grows by itself, and a
    // scroll event that comes before the observer must not be taken for somebody's wish.
    let height = -1;
    let top = 0;
    const scrolled = () => {
      // Messages that came since make the end run away; only who moves up means to leave it.
      if (isAtEnd(element)) pinned.current = true;
      else if (element.clientHeight === height && element.scrollTop < top) pinned.current = false;
      top = element.scrollTop;
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows make the end run away
  useLayoutEffect(() => {
    if (pinned.current) list.scrollToEnd();
  }, [list, rows, pinned]);
}

function isAtEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight <= AT_END_PX;
}

/** A short way is shown, a long one or reduced motion is jumped. */
export function glides(element: HTMLElement | null): boolean {
  if (!element || matchMedia('(prefers-reduced-motion: reduce)').matches) return false;
  return element.scrollHeight - element.scrollTop < 4 * element.clientHeight;
}

/** What one says oneself is always shown, wherever the list stood. */
export function useOwnInSight(list: List, rows: readonly Row[]): void {
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
export function usePosition(
  list: List,
  rows: readonly Row[],
  scroller: RefObject<HTMLDivElement | null>,
  pinned: RefObject<boolean>,
): boolean {
  const [atEnd, setAtEnd] = useState(true);
  const hasOlder = useChat((chat) => chat.hasOlder);
  const loadOlder = useChat((chat) => chat.loadOlder);
  const setAtBottom = useChat((chat) => chat.setAtBottom);
  const read = useChat((chat) => chat.read);

  const look = () => {
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
  };
  const latest = useRef(look);
  const soon = useRef(() => {});
  useLayoutEffect(() => {
    latest.current = look;
  });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    // One look per frame, and the frame once asked for comes: messages in every frame must not put it off.
    let frame = 0;
    soon.current = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        latest.current();
      });
    };
    const moved = () => soon.current();
    moved();
    element.addEventListener('scroll', moved, { passive: true });
    document.addEventListener('visibilitychange', moved);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener('scroll', moved);
      document.removeEventListener('visibilitychange', moved);
    };
  }, [scroller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows are looked at like a new position
  useEffect(() => soon.current(), [rows, hasOlder]);
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
