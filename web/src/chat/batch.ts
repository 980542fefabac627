/** Collects what comes in and hands it on once per frame, or once a second in a page nobody sees. */

const HIDDEN_MS = 1_000;

export class Batch<T> {
  private waiting: T[] = [];
  private cancel: (() => void) | null = null;

  constructor(private readonly take: (events: readonly T[]) => void) {}

  add(event: T): void {
    this.waiting.push(event);
    this.cancel ??= soon(() => this.flush());
  }

  /** Now, for what must not wait: before a reconnect tells how far we are, or before the page goes. */
  flush(): void {
    this.cancel?.();
    this.cancel = null;
    const events = this.waiting;
    this.waiting = [];
    if (events.length > 0) this.take(events);
  }
}

/** A hidden page gets no frames, so a timer runs beside it; whichever comes first wins. */
function soon(run: () => void): () => void {
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, HIDDEN_MS);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
