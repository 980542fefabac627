/** A text, or one per plural category of the language (CLDR); `other` is always there. */
export type Text = string | ({ readonly other: string } & { readonly [C in Intl.LDMLPluralRule]?: string });

/** All texts of a catalogue in one language; `M` is the type of the English one. */
export type Messages<M> = { readonly [K in keyof M]: Text };

type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Parts<T> = T extends string ? Names<T> : Names<T[keyof T]>;

/** The values a text asks for; `n` is the number that decides its plural. */
export type Values<T> = { readonly [N in Parts<T>]: N extends 'n' ? number : string };

/** Values are asked for where the text has places for them, and only there. */
export type Arguments<T> = [keyof Values<T>] extends [never] ? [] : [values: Values<T>];

/** Gives the text of a key: `t('composer.left', { n: 12 })`. */
export type Translate<M> = <K extends keyof M>(key: K, ...values: Arguments<M[K]>) => string;
