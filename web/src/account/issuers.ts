/**
 * Signing in with another service (OpenID Connect): the page leaves for it and comes back to
 * `/signin/oidc/{issuer}`, with a code that the boot script has put from the fragment into history.state.
 */

const FLOW = 'maska.oidc';

/** What only this tab knows of a sign-in that has left the page. */
export function keepFlow(flow: string): void {
  try {
    sessionStorage.setItem(FLOW, flow);
  } catch {
    // without storage the return cannot be told from a forged one, and is refused
  }
}

export interface Returned {
  flow: string;
  state: string;
  code: string;
}

/** What the service sent back, once; null when it sent no code, or this tab had not asked. */
export function takeReturn(): Returned | null {
  const sent: unknown = history.state;
  history.replaceState(null, '');
  const flow = takeFlow();
  if (typeof sent !== 'object' || sent === null || !('issued' in sent) || !flow) return null;
  const query = new URLSearchParams(String(sent.issued));
  const [state, code] = [query.get('state'), query.get('code')];
  return state && code ? { flow, state, code } : null;
}

function takeFlow(): string | null {
  try {
    const flow = sessionStorage.getItem(FLOW);
    sessionStorage.removeItem(FLOW);
    return flow;
  } catch {
    return null;
  }
}

/** `telegram` is named by its own text; other names are the operator's. */
export const displayName = (issuer: string): string => issuer.charAt(0).toUpperCase() + issuer.slice(1);
