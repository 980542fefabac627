import { type FormEvent, type InputHTMLAttributes, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon } from '../ui/Icon';
import type { Act } from './act';
import { clock, type FieldName, fieldProblem, isShownBeside, isStrongEnough, type Wording, wordsFor } from './problem';
import { useTexts } from './texts';

/** Sends by the button or by Enter; a refused field gets the focus. */
export function Form({ act, onSubmit, children }: { act: Act; onSubmit: () => void; children: ReactNode }) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (act.refusal) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [act.refusal]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!act.busy && act.wait === 0) onSubmit();
  };
  return (
    <form ref={form} className="form" noValidate onSubmit={submit}>
      {children}
    </form>
  );
}

type Input = Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'>;

export interface FieldProps extends Input {
  label: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  /** Said before anything is typed. */
  hint?: ReactNode;
  problem?: string | null;
  /** Stands inside of the box, at its end. */
  tool?: ReactNode;
}

export function Field({ label, value, onValue, hint, problem, tool, ...input }: FieldProps) {
  const id = useId();
  const described = [problem && `${id}p`, hint && `${id}h`].filter(Boolean).join(' ');
  return (
    <div className="entry">
      <label className="lbl" htmlFor={id}>
        {label}
      </label>
      <div className={problem ? 'box wrong' : 'box'}>
        <input
          {...input}
          id={id}
          value={value}
          aria-invalid={Boolean(problem)}
          aria-describedby={described || undefined}
          onChange={(event) => onValue(event.currentTarget.value)}
        />
        {tool}
      </div>
      {problem && (
        <p className="wrong-p" id={`${id}p`} role="alert">
          {problem}
        </p>
      )}
      {hint && (
        <p className="hint-p" id={`${id}h`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function EmailField(props: Omit<FieldProps, 'label' | 'name'> & { label?: string }) {
  const t = useTexts();
  return (
    <Field
      name="email"
      type="email"
      inputMode="email"
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={254}
      {...props}
      label={props.label ?? t('field.email')}
    />
  );
}

/** What is typed can be looked at; `autoComplete` tells password managers which password it is. */
export function PasswordField(props: FieldProps & { autoComplete: 'current-password' | 'new-password' }) {
  const t = useTexts();
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      autoCapitalize="none"
      spellCheck={false}
      tool={
        <button
          type="button"
          className="tool"
          aria-pressed={shown}
          aria-label={t(shown ? 'field.hide' : 'field.show')}
          onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? 'eyeoff' : 'eye'} />
        </button>
      }
    />
  );
}

/** A new password twice, with the rule that it has to keep. */
export function NewPassword({
  act,
  label,
  again,
  value,
  confirm,
  onValue,
  onConfirm,
}: {
  act: Act;
  label: string;
  again: string;
  value: string;
  confirm: string;
  onValue: (value: string) => void;
  onConfirm: (value: string) => void;
}) {
  const t = useTexts();
  const good = isStrongEnough(value);
  return (
    <>
      <PasswordField
        name="new-password"
        autoComplete="new-password"
        label={label}
        value={value}
        onValue={onValue}
        // A password that keeps the rule and is refused all the same meets a stricter server.
        problem={useFieldProblem(act, 'password', good ? STRICT : undefined)}
        hint={
          <span className={good ? 'kept' : undefined}>
            {good && <Icon name="sent" size={16} />}
            {t('password.rule')}
          </span>
        }
      />
      <PasswordField
        name="confirm-password"
        autoComplete="new-password"
        label={again}
        value={confirm}
        onValue={onConfirm}
        problem={useFieldProblem(act, 'confirmPassword')}
      />
    </>
  );
}

const STRICT: Wording = { password_weak: 'password.ruleStrict', too_short: 'password.ruleStrict' };

export function CodeField({ digits = true, ...props }: Omit<FieldProps, 'name'> & { digits?: boolean }) {
  return (
    <Field
      name="code"
      inputMode={digits ? 'numeric' : 'text'}
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={digits ? 7 : 32}
      className="num"
      {...props}
    />
  );
}

/** What is to be told beside this field about the last refusal. */
export function useFieldProblem(act: Act, field: FieldName, wording?: Wording): string | null {
  const t = useTexts();
  return act.refusal && fieldProblem(t, act.refusal, field, wording);
}

/** What no field tells, above the button; a wait counts down. */
export function Problem({ act, fields = [], wording }: { act: Act; fields?: FieldName[]; wording?: Wording }) {
  const t = useTexts();
  const { refusal, wait } = act;
  if (!refusal || isShownBeside(refusal, fields)) return null;
  const words = wordsFor(t, refusal.code, wording);
  if (refusal.retryAfter === undefined) {
    return (
      <p className="refusal" role="alert">
        {words}
      </p>
    );
  }
  if (wait === 0) return null;
  return (
    <>
      <p className="refusal" aria-hidden="true">
        {t('code.wait', { what: words, time: clock(wait) })}
      </p>
      {/* Read out once, not each second. */}
      <span className="vh" role="alert">
        {t('code.wait', { what: words, time: clock(refusal.retryAfter) })}
      </span>
    </>
  );
}

export function Submit({ act, look = 'btn', children }: { act: Act; look?: string; children: ReactNode }) {
  return (
    <button type="submit" className={look} aria-busy={act.busy} disabled={act.busy || act.wait > 0}>
      <span>{children}</span>
    </button>
  );
}
