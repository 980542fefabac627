import { useCallback, useEffect, useState } from 'react';
import { type Refusal, refusalOf } from './problem';

/** The person thought better of it: nothing was done, and nothing is to be told. */
export class Cancelled extends Error {}

export interface Act {
  busy: boolean;
  /** Why the last try was refused; stays until the next one. */
  refusal: Refusal | null;
  /** Whole seconds until the server takes another try. */
  wait: number;
  /** Undefined when it was refused. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** As `run`, for whoever has to know at once what the refusal was. */
  attempt<T>(work: () => Promise<T>): Promise<{ value?: T; refusal?: Refusal }>;
  /** Refuses without asking the server. */
  refuse(code: string): void;
}

/** One thing a form does: at most once at a time, and what was typed stays whatever comes of it. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [until, setUntil] = useState(0);
  const wait = useSeconds(until);

  const attempt = useCallback(async <T>(work: () => Promise<T>): Promise<{ value?: T; refusal?: Refusal }> => {
    setBusy(true);
    setRefusal(null);
    try {
      return { value: await work() };
    } catch (error) {
      if (error instanceof Cancelled) return {};
      const refused = refusalOf(error);
      if (refused.retryAfter !== undefined) setUntil(Date.now() + refused.retryAfter * 1000);
      setRefusal(refused);
      return { refusal: refused };
    } finally {
      setBusy(false);
    }
  }, []);
  const run = useCallback(async <T>(work: () => Promise<T>) => (await attempt(work)).value, [attempt]);
  const refuse = useCallback((code: string) => setRefusal({ code, fields: [] }), []);
  return { busy, refusal, wait, run, attempt, refuse };
}

/** Counts down to a moment (ms). */
function useSeconds(until: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
