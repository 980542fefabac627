/** A stand-in for a Telegram client around the page: keeps what it was told, says what a test wants. */
import type { BridgeWindow } from '../telegram/protocol';

export interface Client {
  /** What the page said, in order. */
  told: [method: string, params: unknown][];
  /** Says something to the page, as the clients for phones do. */
  say(event: string, payload?: unknown): void;
}

export function standInClient(window: BridgeWindow): Client {
  const told: Client['told'] = [];
  window.TelegramWebviewProxy = { postEvent: (name, json) => told.push([name, json ? JSON.parse(json) : undefined]) };
  return { told, say: (event, payload) => window.Telegram?.WebView?.receiveEvent?.(event, payload) };
}

export function removeClient(window: BridgeWindow): void {
  delete window.TelegramWebviewProxy;
  delete window.Telegram;
  delete window.TelegramGameProxy;
  delete window.TelegramGameProxy_receiveEvent;
}
