import { type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTelegram } from '../app/TelegramContext';
import { useLocale } from '../i18n';
import { Icon } from '../ui/Icon';
import { Mask } from '../ui/Mask';
import './composer.css';
import { canSend, normalise, remaining } from './content';
import { useChat } from './store';

/** The counter shows from here on. */
const COUNT_FROM = 200;

/** Where a keyboard with keys is likely: there Enter sends. On a screen keyboard Enter breaks the line. */
const hasKeyboard = () => matchMedia('(hover: hover) and (pointer: fine)').matches;

export function Composer({ onMask }: { onMask: () => void }) {
  const { t } = useLocale();
  const telegram = useTelegram();
  const draft = useChat((chat) => chat.draft);
  const limits = useChat((chat) => chat.limits);
  const setDraft = useChat((chat) => chat.setDraft);
  const send = useChat((chat) => chat.send);
  const wait = useSlowSeconds();
  const field = useRef<HTMLTextAreaElement>(null);
  useGrowing(field, draft);
  useTypeToWrite(field);

  const ready = canSend(draft, limits) && wait === 0;
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!ready || !send(draft)) return;
    telegram.haptic('tap');
    field.current?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word and is not for us.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || !hasKeyboard()) return;
    event.preventDefault();
    submit();
  };

  return (
    <footer className="dock">
      <Counter draft={draft} wait={wait} />
      <form className="composer" onSubmit={submit}>
        <OwnFace onClick={onMask} />
        <div className="field">
          <textarea
            ref={field}
            className="input"
            rows={1}
            dir="auto"
            enterKeyHint={hasKeyboard() ? 'send' : 'enter'}
            placeholder={t('composer.hint')}
            aria-label={t('composer.hint')}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={keys}
          />
        </div>
        <button
          type="submit"
          className={ready ? 'send on' : 'send'}
          aria-label={wait > 0 ? t('composer.slow', { n: wait }) : t('composer.send')}
          aria-disabled={!ready}
          // The field keeps the focus, and so the keyboard of a phone stays up.
          onPointerDown={(event) => event.preventDefault()}
        >
          <span>{wait > 0 ? wait : <Icon name="send" />}</span>
          {wait > 0 && <Ring />}
        </button>
      </form>
    </footer>
  );
}

function OwnFace({ onClick }: { onClick: () => void }) {
  const { t } = useLocale();
  const profile = useChat((chat) => chat.profile);
  return (
    <button
      type="button"
      className="as press"
      aria-label={t('composer.as', { name: profile?.nickname ?? '' })}
      onClick={onClick}
    >
      <Mask url={profile?.avatarUrl ?? null} size={34} />
    </button>
  );
}

/** What is left, what is too much, and how long to wait. */
function Counter({ draft, wait }: { draft: string; wait: number }) {
  const { t } = useLocale();
  const limits = useChat((chat) => chat.limits);
  const left = remaining(draft, limits);
  const lines = normalise(draft).split('\n').length;
  if (left < 0) return <Count over>{t('composer.over', { n: -left })}</Count>;
  if (lines > limits.lines) return <Count over>{t('composer.lines', { n: limits.lines })}</Count>;
  if (wait > 0 && draft.trim() !== '') return <Count>{t('composer.slow', { n: wait })}</Count>;
  if (left <= COUNT_FROM) return <Count>{t('composer.left', { n: left })}</Count>;
  return null;
}

function Count({ over = false, children }: { over?: boolean; children: string }) {
  return (
    <span className={over ? 'count over' : 'count'} role="status">
      {children}
    </span>
  );
}

/** Empties while the seconds run. */
function Ring() {
  const until = useChat((chat) => chat.slowUntil) ?? 0;
  const [from] = useState(() => Date.now());
  const [now, setNow] = useState(from);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, []);
  const part = until > from ? Math.max(0, (until - now) / (until - from)) : 0;
  return (
    <svg className="ring" viewBox="0 0 42 42" aria-hidden="true">
      <circle cx="21" cy="21" r="19" />
      <circle cx="21" cy="21" r="19" pathLength={100} strokeDasharray={`${100 * part} 100`} />
    </svg>
  );
}

/** Whole seconds until the server takes the next message; 0 when it does now. */
function useSlowSeconds(): number {
  const until = useChat((chat) => chat.slowUntil);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    const stop = setTimeout(() => clearInterval(timer), until - Date.now() + 500);
    return () => {
      clearInterval(timer);
      clearTimeout(stop);
    };
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}

/** With a keyboard the field has the focus from the start, and typing anywhere leads into it. */
function useTypeToWrite(field: React.RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    // A screen keyboard must not come up by itself.
    if (!hasKeyboard()) return;
    field.current?.focus();
    const typed = ({ key, ctrlKey, metaKey, altKey }: globalThis.KeyboardEvent) => {
      const character = [...key].length === 1 && key !== ' ' && !ctrlKey && !metaKey && !altKey;
      const elsewhere = document.querySelector('dialog[open]') || document.activeElement?.matches('input, textarea');
      if (character && !elsewhere) field.current?.focus();
    };
    document.addEventListener('keydown', typed);
    return () => document.removeEventListener('keydown', typed);
  }, [field]);
}

/** One line to six, then it scrolls inside. */
function useGrowing(field: React.RefObject<HTMLTextAreaElement | null>, draft: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = '0';
    element.style.height = `${element.scrollHeight}px`;
  }, [field, draft]);
}
