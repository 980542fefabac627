/**
 * Which masks have said yes to the card of the first visit, on this device alone. Only ids that the
 * device wears now are kept: a list of all masks one has worn would tie them together.
 */
const KEY = 'maska.welcomed';
/** People who share a browser, such as a developer's persons 1, 2, 3. */
const MOST = 8;

export function acceptedBy(profile: number): boolean {
  return read().includes(profile);
}

export function acceptFor(profile: number): void {
  write([profile, ...read().filter((id) => id !== profile)].slice(0, MOST));
}

/** A new mask takes the yes over, and the old one is forgotten. */
export function passOn(from: number, to: number): void {
  const ids = read();
  if (ids.includes(from)) write(ids.map((id) => (id === from ? to : id)));
}

function read(): number[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter((id) => typeof id === 'number') : [];
  } catch {
    return []; // no storage, or not ours: the card is shown once more
  }
}

function write(ids: number[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // without storage the card comes again at the next start
  }
}
