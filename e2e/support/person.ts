/** Somebody with a Telegram account, whose name must never be seen in Maska. */
import { BOT_TOKEN, maska } from './server.ts';

export type Language = 'en' | 'ru' | 'zh';

export class Person {
  constructor(
    readonly id: number,
    readonly firstName: string,
    readonly lastName: string,
    readonly username: string,
    readonly language: Language,
  ) {}

  /** What Telegram hands to the page for this person, signed so many seconds ago. */
  initData(secondsAgo = 0, token = BOT_TOKEN): string {
    const signed = Math.floor(Date.now() / 1000) - secondsAgo;
    const initData = maska(
      ...['initdata', 'sign', '--token', token, '--id', String(this.id), '--first-name', this.firstName],
      ...['--last-name', this.lastName, '--username', this.username, '--language', this.language],
      ...['--auth-date', String(signed)],
    );
    this.proofs.push(...['hash', 'signature'].map((field) => new URLSearchParams(initData).get(field) ?? ''));
    return initData;
  }

  /** What tells who this is; to be found nowhere. */
  get traces(): readonly string[] {
    return [String(this.id), this.firstName, this.lastName, this.username, ...this.proofs];
  }

  private readonly proofs: string[] = [];
}

const NAMES = [
  ['Zinaida', 'Quetzalova', 'zina_quetzal'],
  ['Bartholomew', 'Fitzwarrenson', 'barty_fitz'],
  ['Xiaofeng', 'Ouyangshan', 'xiao_ouyang'],
  ['Wilhelmina', 'Oppenhuizen', 'mina_opp'],
  ['Ignacio', 'Villavicencio', 'nacho_villa'],
] as const;

/** Person n; ids and names are such that a search for them finds nothing else. */
export function person(n: number, language: Language = 'en'): Person {
  const [first, last, username] = NAMES[n % NAMES.length] ?? NAMES[0];
  return new Person(7_461_938_200 + n, `${first}${n}`, `${last}${n}`, `${username}_${n}`, language);
}
