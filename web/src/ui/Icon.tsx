/** Our icons: drawn on a 24 × 24 grid, stroked in the colour of the text around them. */
import type { ReactNode } from 'react';

const DRAWINGS = {
  alert: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.5V13M12 16.4v.1" />
    </>
  ),
  back: <path d="m14.5 5.5-6.5 6.5 6.5 6.5" />,
  box: (
    <>
      <ellipse cx="12" cy="6.5" rx="7.5" ry="3" />
      <path d="M4.5 6.5v11c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3v-11M4.5 12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3" />
    </>
  ),
  chair: <path d="M7 4.5v9h10v-9M7 13.5v6M17 13.5v6M7 16.5h10" />,
  close: <path d="M6 6l12 12M18 6 6 18" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.5V12l3 2" />
    </>
  ),
  copy: (
    <>
      <rect x="8.5" y="8.5" width="11" height="11" rx="2.5" />
      <path d="M15.5 8.5V7A2.5 2.5 0 0 0 13 4.5H7A2.5 2.5 0 0 0 4.5 7v6A2.5 2.5 0 0 0 7 15.5h1.5" />
    </>
  ),
  dice: (
    <>
      <rect x="4.5" y="4.5" width="15" height="15" rx="4" />
      <path d="M9 9v.1M15 9v.1M12 12v.1M9 15v.1M15 15v.1" strokeWidth="2.6" />
    </>
  ),
  desk: (
    <>
      <rect x="3.5" y="4.5" width="17" height="11.5" rx="2" />
      <path d="M9 20h6M12 16v4" />
    </>
  ),
  devices: (
    <>
      <path d="M4 16V7a2 2 0 0 1 2-2h9.5a2 2 0 0 1 2 2v1.5M3 18.5h8" />
      <rect x="13.5" y="10.5" width="7" height="9.5" rx="1.8" />
    </>
  ),
  down: <path d="m6 9.5 6 6 6-6" />,
  eye: (
    <>
      <path d="M3 12c1-2.5 4-6.5 9-6.5s8 4 9 6.5c-1 2.5-4 6.5-9 6.5S4 14.5 3 12z" />
      <circle cx="12" cy="12" r="3" />
    </>
  ),
  eyeoff: (
    <path d="m4 4 16 16M9.9 5.8A9 9 0 0 1 12 5.5c5 0 8 4 9 6.5a12 12 0 0 1-2.6 3.7M6.3 7.7A12.5 12.5 0 0 0 3 12c1 2.5 4 6.5 9 6.5 1.6 0 3-.4 4.2-1M9.9 10a3 3 0 0 0 4.2 4.2" />
  ),
  gear: (
    <>
      <circle cx="12" cy="12" r="3" />
      <path d="M12 3.5v2.3M12 18.2v2.3M3.5 12h2.3M18.2 12h2.3M6 6l1.6 1.6M16.4 16.4 18 18M18 6l-1.6 1.6M7.6 16.4 6 18" />
    </>
  ),
  globe: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <ellipse cx="12" cy="12" rx="3.8" ry="8.5" />
      <path d="M3.8 12h16.4" />
    </>
  ),
  key: (
    <>
      <circle cx="8" cy="15.5" r="4" />
      <path d="m11 12.5 8.5-8.5M15.5 8l3 3" />
    </>
  ),
  link: <path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1" />,
  lock: (
    <>
      <rect x="5.5" y="11" width="13" height="9" rx="2.5" />
      <path d="M8.5 11V8a3.5 3.5 0 0 1 7 0v3" />
    </>
  ),
  mail: (
    <>
      <rect x="3.5" y="5.5" width="17" height="13" rx="2.5" />
      <path d="m4.5 7.5 7.5 5.5 7.5-5.5" />
    </>
  ),
  mask: (
    <>
      <path d="M12 9.3c2.2-2 6-2.4 9.3-1.300.5 4.7-1.3 8.9-4.9 9-2.3 0-3-1.9-4.4-1.9S9.9 17 7.6 17C4 16.9 2.2 12.7 2.7 8c3.3-1.1 7.1-.7 9.3 1.3z" />
      <path
        d="M5.8 12c1-1.2 2.9-1.1 3.900.3-1.1 1.3-3 1.3-3.9-.3zM18.2 12c-1-1.2-2.9-1.1-3.900.3 1.1 1.3 3 1.3 3.9-.3z"
        fill="currentColor"
        stroke="none"
      />
    </>
  ),
  out: <path d="M13 5H7a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h6M10 12h10M16.5 8.5 20 12l-3.5 3.5" />,
  phone: (
    <>
      <rect x="7" y="3" width="10" height="18" rx="2.5" />
      <path d="M11 18h2" />
    </>
  ),
  plane: <path d="M20.5 4.5 3.5 11.3l5.2 1.9 2 6 2.8-3.9 4.8 3.5zM8.7 13.2 20.5 4.5l-9.8 14.7" />,
  plus: <path d="M12 5v14M5 12h14" />,
  right: <path d="m9.5 6 6 6-6 6" />,
  share: <path d="M12 15V4M8 7.5l4-4 4 4M5 12v6a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-6" />,
  sent: <path d="m4.5 12.5 4.8 5L19.5 6.5" />,
  send: <path d="M4 20.3 21 12 4 3.7 4 10.2l10 1.8-10 1.8z" />,
  shield: (
    <>
      <path d="M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z" />
      <path d="m9 12 2.2 2.2L15.3 10" />
    </>
  ),
  trash: (
    <path d="M5 7h14M10 7V5.5A1.5 1.5 0 0 1 11.5 4h1A1.5 1.5 0 0 1 14 5.5V7M6.5 7l.8 11a2 2 0 0 0 2 1.9h5.4a2 2 0 0 0 2-1.9l.8-11M10 11v5M14 11v5" />
  ),
  warn: <path d="M12 4.5 21 19.5H3zM12 10v4.5M12 17v.1" />,
  undo: <path d="M8 5 4 9l4 4M4.5 9H14a5.5 5.5 0 0 1 0 11h-4" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof DRAWINGS;

/** A picture beside words; it says nothing of its own to a screen reader. */
export function Icon({ name, size, className }: { name: IconName; size?: 16 | 20 | 28; className?: string }) {
  return (
    <svg
      className={['i', size && `s${size}`, className].filter(Boolean).join(' ')}
      viewBox="0 0 24 24"
      aria-hidden="true"
    >
      {DRAWINGS[name]}
    </svg>
  );
}
