/** What the person is told about the connection: trouble only once it has lasted for a while. */
import type { Connection } from './state';

/** A blink of the network shows nothing. */
export const PATIENCE_MS = 2_000;
/** The first connection on a slow phone is not yet trouble. */
export const FIRST_PATIENCE_MS = 4_000;

export class ConnectionState {
  private state: Connection = 'connecting';
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly changed: (state: Connection) => void) {
    this.doubt(FIRST_PATIENCE_MS);
  }

  /** The server has just answered. */
  good(): void {
    this.stop();
    this.set('online');
  }

  /** Offline, disconnected, or something was sent and not answered yet. */
  doubt(patience = PATIENCE_MS): void {
    this.timer ??= setTimeout(() => this.set('reconnecting'), patience);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private set(state: Connection): void {
    if (this.state === state) return;
    this.state = state;
    this.changed(state);
  }
}
