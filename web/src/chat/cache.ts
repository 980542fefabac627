/**
 * What is shown at once at the next start: mask, newest messages, read position, draft. All of it is
 * kept per account and mask, is only a copy, and may be lost, refused or outdated without harm.
 */

import type { Limits, Profile, Settings } from './model';
import { wipeOutbox } from './outbox';
import type { Snapshot } from './roomLog';

/** Raised when a stored shape changes; older copies are then ignored. */
const VERSION = 1;
const DAY_MS = 86_400_000;
export const CACHED_MESSAGES = 50;

export interface CachedMask {
  profile: Profile;
  limits: Limits;
  settings: Settings;
}

export class Cache {
  constructor(
    private readonly storage: Storage | null,
    readonly account: number,
  ) {}

  /** The mask that was worn last, with what the server allowed. */
  mask(): CachedMask | null {
    const mask = this.read<CachedMask>('mask');
    return mask && typeof mask.profile?.id === 'number' ? mask : null;
  }

  keepMask(mask: CachedMask): void {
    const former = this.mask()?.profile.id;
    if (former !== undefined && former !== mask.profile.id) this.wipeMask(former);
    this.write('mask', mask);
  }

  /** Messages whose time is over on the server are not shown from here either. */
  log(profileId: number, messageDays: number, now: number): Snapshot | null {
    const log = this.read<Snapshot>(`room.${profileId}`);
    if (!log || !Array.isArray(log.messages)) return null;
    const oldest = now - messageDays * DAY_MS;
    return { ...log, messages: log.messages.filter((m) => Date.parse(m.created_at) >= oldest) };
  }

  keepLog(profileId: number, log: Snapshot): void {
    this.write(`room.${profileId}`, log);
  }

  /** Null when this mask has never read anything here. */
  readSeq(profileId: number): number | null {
    return this.read<number>(`read.${profileId}`);
  }

  keepReadSeq(profileId: number, seq: number): void {
    this.write(`read.${profileId}`, seq);
  }

  draft(profileId: number): string {
    return this.read<string>(`draft.${profileId}`) ?? '';
  }

  keepDraft(profileId: number, draft: string): void {
    if (draft) this.write(`draft.${profileId}`, draft);
    else this.storage?.removeItem(this.key(`draft.${profileId}`));
  }

  /** Nothing of a mask moves to the next one: neither place, nor draft, nor what waited. */
  wipeMask(profileId: number): void {
    for (const name of ['room', 'read', 'draft']) this.storage?.removeItem(this.key(`${name}.${profileId}`));
    wipeOutbox(this.storage, profileId);
  }

  /** After a logout: everything of this account. */
  wipe(): void {
    const mask = this.mask();
    if (mask) this.wipeMask(mask.profile.id);
    this.storage?.removeItem(this.key('mask'));
  }

  private key(name: string): string {
    return `maska.cache.${this.account}.${name}`;
  }

  private read<T>(name: string): T | null {
    try {
      const { v, value } = JSON.parse(this.storage?.getItem(this.key(name)) ?? '{}') as { v?: number; value?: T };
      return v === VERSION && value !== undefined ? value : null;
    } catch {
      return null;
    }
  }

  private write(name: string, value: unknown): void {
    try {
      this.storage?.setItem(this.key(name), JSON.stringify({ v: VERSION, value }));
    } catch {
      // No room: the next start shows a skeleton instead.
    }
  }
}
