/** The developer's door of the server; it is there only while no bot token is set. */

export type DevTheme = 'light' | 'dark' | 'tinted';

export interface Person {
  person: number;
  language: string;
  /** The mask this person wears now, if one was ever given. */
  mask: { nickname: string; avatarUrl: string; color: number } | null;
}

export interface LaunchWish {
  person: number;
  theme: DevTheme;
  startParam: string;
  /** Signed two days ago. */
  stale: boolean;
}

export async function fetchPeople(): Promise<Person[]> {
  const answer = await fetch('/dev/people');
  if (!answer.ok) throw new Error(`/dev/people answered ${answer.status}`);
  const body: { people: Person[] } = await answer.json();
  return body.people;
}

/** An address as Telegram would open it. */
export async function requestLaunch({ startParam, ...wish }: LaunchWish): Promise<string> {
  const answer = await fetch('/dev/launch', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...wish, ...(startParam ? { startParam } : {}) }),
  });
  if (!answer.ok) throw new Error(`/dev/launch answered ${answer.status}`);
  const body: { url: string } = await answer.json();
  return body.url;
}
