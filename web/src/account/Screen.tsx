import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { useBack } from '../app/back';
import { useTelegram } from '../app/TelegramContext';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';

/**
 * A page over the room: the whole screen on phones, a card on wide ones. Telegram's Back, Esc and the
 * arrow lead one step up; the arrow is there only where Telegram has none.
 */
export function Screen({
  title,
  place,
  onUp,
  children,
}: {
  title: string;
  /** Another place begins at its top, with its title read out. */
  place: string;
  onUp: () => void;
  children: ReactNode;
}) {
  const { t } = useLocale();
  const telegram = useTelegram();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const up = useRef(onUp);
  useEffect(() => {
    up.current = onUp;
  });
  useBack(useCallback(() => up.current(), []));
  // A layout effect: closed only after it left the page, a dialog gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is what begins anew
  useEffect(() => {
    heading.current?.focus();
    if (content.current) content.current.scrollTop = 0;
  }, [place]);

  return (
    <dialog
      ref={dialog}
      className="dialog screen"
      aria-labelledby="screen-title"
      onCancel={(event) => {
        event.preventDefault();
        // A dialog above this one has its own way to close.
        if (event.target === event.currentTarget) onUp();
      }}
      onPointerDown={(event) => {
        // Beside the card of wide screens.
        if (event.target === event.currentTarget) onUp();
      }}
    >
      <div className="screen-in">
        <header className={telegram.inside ? 'bar' : 'bar with-back'}>
          {!telegram.inside && (
            <button type="button" className="tool" aria-label={t('back')} onClick={onUp}>
              <Icon name="back" />
            </button>
          )}
          <h1
            ref={heading}
            id="screen-title"
            className={title.length > 24 ? 'bar-title long' : 'bar-title'}
            tabIndex={-1}
          >
            {title}
          </h1>
        </header>
        <div ref={content} className="screen-body">
          {children}
        </div>
      </div>
    </dialog>
  );
}
