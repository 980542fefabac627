/**
 * What the chat needs from the place it runs in. `src/telegram` implements it for Telegram and for a
 * plain browser; tests hand in their own.
 */
export interface Platform {
  /** Raw initData of this launch, unchanged; empty outside Telegram. */
  initData: string;
  /** Telegram's user id of this launch, only ever hashed into a local key; null outside Telegram. */
  userId: number | null;
  /** The language the person reads, for `Accept-Language`: asked anew for each request. */
  language(): string;
  /** A class of device ("Telegram on Android"), for the person's own list of devices. */
  deviceInfo?: string;
  /** Telegram's SecureStorage, null where the client has none. */
  secrets: SecretStorage | null;
  /** Calls back when Telegram says that the app became active or inactive; returns the way to stop. */
  onVisibility(listener: (visible: boolean) => void): () => void;
}

/** Keys are `A-Za-z0-9_-`. A client that never answers must reject, not hang. */
export interface SecretStorage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}
