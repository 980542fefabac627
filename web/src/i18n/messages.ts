import type { en } from './en';

/** A text, or one per plural category of the language (CLDR); `other` is always there. */
export type Text = string | ({ readonly other: string } & { readonly [C in Intl.LDMLPluralRule]?: string });

export type Key = keyof typeof en;
export type Messages = { readonly [K in Key]: Text };

type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Parts<T> = T extends string ? Names<T> : Names<T[keyof T]>;

/** The values a text asks for; `n` is the number that decides its plural. */
export type Values<K extends Key> = { readonly [N in Parts<(typeof en)[K]>]: N extends 'n' ? number : string };

/** Values are asked for where the text has places for them, and only there. */
export type Arguments<K extends Key> = [keyof Values<K>] extends [never] ? [] : [values: Values<K>];
