/** Where in the settings one is: their paths. */
export const PLACES = ['account', 'stored', 'journal', 'erase', 'email', 'password', 'factor'] as const;
export type Place = 'overview' | (typeof PLACES)[number];

export const SETTINGS = '/settings';

export const isSettings = (path: string): boolean => path === SETTINGS || path.startsWith(`${SETTINGS}/`);

/** An unknown place is the overview. */
export function placeOf(path: string): Place {
  const name = path.slice(SETTINGS.length + 1);
  return PLACES.find((place) => place === name) ?? 'overview';
}

/** One step up from a place that was opened by its address. */
export function above(path: string): string {
  if (path === SETTINGS) return '/';
  return ['email', 'password', 'factor'].includes(placeOf(path)) ? `${SETTINGS}/account` : SETTINGS;
}
