/**
 * Telegram's login outside of Telegram, as a redirect: its widget is a foreign script, which the page's
 * policy forbids. The answer comes back in the fragment, which the boot script has put into history.state.
 */

/** The login page for this server's bot; null when the page does not know the bot's number. */
export function telegramLoginAddress(): string | null {
  const id = document.querySelector<HTMLMetaElement>('meta[name="maska-bot-id"]')?.content ?? '';
  if (!/^\d{3,20}$/.test(id)) return null;
  const query = new URLSearchParams({
    bot_id: id,
    origin: location.origin,
    return_to: `${location.origin}/`,
    request_access: 'write',
  });
  return `https://oauth.telegram.org/auth?${query}`;
}

/** The signed fields of an answer, once; null without one, or when it cannot be read. */
export function takeTelegramResult(): Record<string, unknown> | null {
  const state: unknown = history.state;
  if (typeof state !== 'object' || state === null || !('tgAuthResult' in state)) return null;
  history.replaceState(null, '');
  return parseTelegramResult(String(state.tgAuthResult));
}

/** base64url of the widget's fields as JSON; `false` stands for a login that was refused. */
export function parseTelegramResult(text: string): Record<string, unknown> | null {
  try {
    const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
    const json = new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
