import { type PointerEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useBack } from '../app/back';
import { useLocale } from '../i18n';
import { Icon } from './Icon';

/** As long as --calm in base.css. */
const CLOSING_MS = 200;

/**
 * A modal layer. The native dialog makes the rest inert, keeps the focus inside and gives it back to
 * what opened it. Esc, Telegram's Back and a tap outside close it.
 */
export function Dialog({
  label,
  onClose,
  children,
}: {
  label: string;
  onClose: () => void;
  /** Gets the way to close with the movement that closing has. */
  children: (close: () => void) => ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [closing, setClosing] = useState(false);
  const close = useCallback(() => setClosing(true), []);

  // A layout effect: closed only after it left the page, a dialog gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    if (!closing) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const timer = setTimeout(onClose, still ? 0 : CLOSING_MS);
    return () => clearTimeout(timer);
  }, [closing, onClose]);
  useBack(close);

  return (
    <dialog
      ref={dialog}
      className={closing ? 'dialog closing' : 'dialog'}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      {children(close)}
    </dialog>
  );
}

/** A sheet from below; on wide screens a card in the middle. Pulling it down closes it too. */
export function Sheet({
  label,
  title,
  onClose,
  children,
}: {
  label: string;
  /** Shown on top beside the cross; without it the content brings its own head. */
  title?: string;
  onClose: () => void;
  children: (close: () => void) => ReactNode;
}) {
  const { t } = useLocale();
  return (
    <Dialog label={label} onClose={onClose}>
      {(close) => (
        <Pulled onPulled={close}>
          {title && (
            <div className="sheet-h">
              <h2>{title}</h2>
              <button type="button" className="tool" aria-label={t('close')} onClick={close}>
                <Icon name="close" />
              </button>
            </div>
          )}
          {children(close)}
        </Pulled>
      )}
    </Dialog>
  );
}

/** Far enough to mean it. */
const PULL_PX = 90;

function Pulled({ onPulled, children }: { onPulled: () => void; children: ReactNode }) {
  const sheet = useRef<HTMLElement>(null);
  const start = useRef<number | null>(null);

  const move = (event: PointerEvent) => {
    if (start.current === null || !sheet.current) return;
    sheet.current.style.transform = `translateY(${Math.max(0, event.clientY - start.current)}px)`;
  };
  const end = (event: PointerEvent) => {
    if (start.current === null || !sheet.current) return;
    if (event.clientY - start.current > PULL_PX) onPulled();
    else sheet.current.style.transform = '';
    start.current = null;
  };
  return (
    <section ref={sheet} className="sheet">
      <div
        className="grab"
        onPointerDown={(event) => {
          start.current = event.clientY;
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
      />
      {children}
    </section>
  );
}

/** Asks before something that cannot be taken back, or that leaves the app. */
export function Confirm({
  title,
  text,
  action,
  refuse,
  danger = false,
  busy = false,
  problem,
  onConfirm,
  onClose,
}: {
  title: string;
  text: string;
  action: string;
  /** The word for "no". */
  refuse: string;
  danger?: boolean;
  busy?: boolean;
  problem?: string | null;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Sheet label={title} title={title} onClose={onClose}>
      {(close) => (
        <>
          <p className="sheet-p">{text}</p>
          <div className="stack pad">
            {problem && (
              <p className="refusal" role="alert">
                {problem}
              </p>
            )}
            <button
              type="button"
              className={danger ? 'btn bad' : 'btn'}
              aria-busy={busy}
              disabled={busy}
              onClick={onConfirm}
            >
              <span>{action}</span>
            </button>
            <button type="button" className="btn plain" onClick={close}>
              {refuse}
            </button>
          </div>
        </>
      )}
    </Sheet>
  );
}
