/** The pages that links in letters lead to. Their token leaves the address before anything is drawn. */
const PAGES = { '/verify-email': 'verify', '/reset-password': 'reset' } as const;
export type MailLinkKind = (typeof PAGES)[keyof typeof PAGES];

export function mailLinkOf(path: string): MailLinkKind | undefined {
  return Object.entries(PAGES).find(([page]) => page === path)?.[1];
}

/** The token of a link that was just opened. It stands in the fragment, which no server and no referrer sees. */
export function tokenIn(hash: string): string {
  const token = new URLSearchParams(hash.slice(1)).get('token') ?? '';
  return /^[\w-]{1,256}$/.test(token) ? token : '';
}

const ISSUED = /^\/signin\/oidc\/([\w.-]{1,64})$/;

/** The service that sent the browser back here; undefined on other pages. */
export function issuerOf(path: string): string | undefined {
  return ISSUED.exec(path)?.[1];
}
