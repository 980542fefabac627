/** The pages that links in letters lead to. Their token leaves the address before anything is drawn. */
export const MAIL_LINKS = ['verify', 'reset', 'claim'] as const;
export type MailLinkKind = (typeof MAIL_LINKS)[number];

export function mailLinkOf(path: string): MailLinkKind | undefined {
  return MAIL_LINKS.find((kind) => path === `/${kind}`);
}

/** Where the token lies once it has left the address: it survives a reload and is in no address and no storage. */
export interface MailLinkState {
  token?: string;
}

/** The token of a link that was just opened: in the fragment, which no server and no referrer sees, or in the query. */
export function tokenIn({ hash, search }: { hash: string; search: string }): string {
  const token = new URLSearchParams(hash.slice(1)).get('token') ?? new URLSearchParams(search).get('token') ?? '';
  return /^[\w.~-]{1,256}$/.test(token) ? token : '';
}
