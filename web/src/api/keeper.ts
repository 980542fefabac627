/**
 * What this device remembers about who is signed in. Several people may use one browser (each launch
 * brings its own initData), so everything is kept per account, and a launch finds its account through
 * a salted hash: no Telegram id is ever stored.
 */
import type { SecretStorage } from '../chat/platform';

const SALT = 'maska.salt';
const LAST = 'maska.last';
const DEVICE = 'maska.device';
const personEntry = (person: string) => `maska.person.${person}`;
const refreshEntry = (account: number) => `maska.refresh.${account}`;
/** SecureStorage allows no dots. */
const secretEntry = (account: number) => `maska_refresh_${account}`;

/** localStorage, or null where the browser forbids it. */
export function browserStorage(): Storage | null {
  try {
    const probe = 'maska.probe';
    localStorage.setItem(probe, '');
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return null;
  }
}

/**
 * The local name of a Telegram user: 64 bits of SHA-256 over a random salt of this browser and the id.
 * Null without a storage to keep it in, or without WebCrypto (plain http): then nothing is remembered.
 */
export async function personKey(storage: Storage | null, userId: number): Promise<string | null> {
  if (!storage || !globalThis.crypto?.subtle) return null;
  try {
    const salt = storage.getItem(SALT) ?? hex(crypto.getRandomValues(new Uint8Array(16)));
    storage.setItem(SALT, salt);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${salt}:${userId}`));
    return hex(new Uint8Array(digest).subarray(0, 8));
  } catch {
    return null;
  }
}

/** A random name of this browser, by which its owner's account knows it again; null where nothing can be kept. */
export function deviceName(storage: Storage | null): string | null {
  try {
    const name = storage?.getItem(DEVICE) || hex(crypto.getRandomValues(new Uint8Array(16)));
    storage?.setItem(DEVICE, name);
    return storage && name;
  } catch {
    return null;
  }
}

/** The refresh token and account of one person on this device. */
export class Keeper {
  /** The newest token this tab has seen, for when nothing can be stored. */
  private memory: string | null = null;

  /** `person` is null for a launch without initData: then the last one who was here. */
  constructor(
    private readonly storage: Storage | null,
    private readonly secrets: SecretStorage | null,
    private person: string | null,
  ) {
    this.account = this.knownAccount();
  }

  account: number | null;

  /**
   * Whoever comes in by another way than a launch is known here by the account alone: a Telegram user of
   * this browser must not find somebody else's session under his own name.
   */
  belongTo(account: number): void {
    if (this.account !== account) this.person = `account.${account}`;
    this.account = account;
  }

  /** Looked up anew each time: another tab may have renewed it meanwhile. */
  async refreshToken(): Promise<string | null> {
    if (this.account === null) return this.memory;
    // The plain copy exists only while SecureStorage failed to take a newer one.
    const plain = this.storage?.getItem(refreshEntry(this.account));
    if (plain) return plain;
    const secret = await this.secrets?.get(secretEntry(this.account)).catch(() => null);
    return secret || this.memory;
  }

  async keep(account: number, refresh: string): Promise<void> {
    this.account = account;
    this.memory = refresh;
    if (!this.person) return;
    this.write(personEntry(this.person), String(account));
    this.write(LAST, this.person);
    const secret = await this.secrets?.set(secretEntry(account), refresh).then(
      () => true,
      () => false,
    );
    if (secret) this.storage?.removeItem(refreshEntry(account));
    else this.write(refreshEntry(account), refresh);
  }

  /** The session is over; who the person is stays known, so that the cache can be shown again. */
  async forgetToken(): Promise<void> {
    this.memory = null;
    if (this.account === null) return;
    this.storage?.removeItem(refreshEntry(this.account));
    await this.secrets?.remove(secretEntry(this.account)).catch(() => {});
  }

  async forget(): Promise<void> {
    await this.forgetToken();
    if (this.person) this.storage?.removeItem(personEntry(this.person));
    if (this.storage?.getItem(LAST) === this.person) this.storage?.removeItem(LAST);
    this.account = null;
  }

  private knownAccount(): number | null {
    const account = Number(this.person && this.storage?.getItem(personEntry(this.person)));
    return Number.isSafeInteger(account) && account > 0 ? account : null;
  }

  private write(key: string, value: string): void {
    try {
      this.storage?.setItem(key, value);
    } catch {
      // Without room the session lasts as long as the tab; initData signs in again.
    }
  }
}

/** Whoever used this browser last; for a page that was opened without initData. */
export const lastPerson = (storage: Storage | null): string | null => storage?.getItem(LAST) ?? null;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
