/** What the first screen does without: chunks of their own, fetched once the room stands. */
import { lazy } from 'react';

const chunks = {
  Door: () => import('./Door'),
  MaskSheet: () => import('../profile/MaskSheet'),
  HowSheet: () => import('../profile/HowSheet'),
  Settings: () => import('../account/Settings'),
  MailLink: () => import('../account/MailLink'),
  Issued: () => import('../account/Issued'),
  Menu: () => import('../chat/Menu'),
  OpenLink: () => import('../chat/OpenLink'),
};

export const later = {
  Door: lazy(chunks.Door),
  MaskSheet: lazy(chunks.MaskSheet),
  HowSheet: lazy(chunks.HowSheet),
  Settings: lazy(chunks.Settings),
  MailLink: lazy(chunks.MailLink),
  Issued: lazy(chunks.Issued),
  Menu: lazy(chunks.Menu),
  OpenLink: lazy(chunks.OpenLink),
};

const QUIET_MS = 1500;

/** Fetches them in a quiet moment, so that no sheet waits for the network. Returns the way to stop. */
export function loadLater(): () => void {
  const timer = setTimeout(() => {
    const { MaskSheet, HowSheet, Settings, Menu, OpenLink } = chunks;
    // A chunk that cannot be had now is asked for again when it is needed.
    for (const load of [MaskSheet, HowSheet, Settings, Menu, OpenLink]) load().catch(() => {});
  }, QUIET_MS);
  return () => clearTimeout(timer);
}
