/**
 * How a page and a Telegram client speak: names and JSON, over the way each kind of client offers.
 * Written after the Mini Apps bridge protocol; it costs a tenth of the libraries for it, which carry
 * the whole method list and a schema per event.
 */

/** What the clients put on, and look for on, the window. */
export interface BridgeWindow extends Window {
  TelegramWebviewProxy?: { postEvent?(name: string, json: string): void };
  Telegram?: { WebView?: { receiveEvent?: Receive } };
  TelegramGameProxy?: { receiveEvent?: Receive };
  TelegramGameProxy_receiveEvent?: Receive;
}

type Receive = (name: unknown, payload?: unknown) => void;
type Listener = (payload: Readonly<Record<string, unknown>>) => void;

export interface Protocol {
  /** Never throws: a client that cannot be told is a client that is gone. */
  post(method: string, params?: object): void;
  on(event: string, listener: Listener): () => void;
}

/** Telegram Web A and K; their pages are the only parents that are spoken to. */
const WEB_ORIGIN = 'https://web.telegram.org';

/** Opens the way to the client around this window; null when there is none. */
export function openProtocol(window: BridgeWindow): Protocol | null {
  const post = wayOut(window);
  if (!post) return null;

  const listeners = new Map<string, Set<Listener>>();
  const receive: Receive = (name, payload) => {
    if (typeof name !== 'string') return;
    // Some clients send null where others send nothing.
    const data = isObject(payload) ? payload : {};
    for (const listener of listeners.get(name) ?? []) listener(data);
  };
  listen(window, receive);

  return {
    post(method, params) {
      try {
        post(method, params);
      } catch {
        // the page works without
      }
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },
  };
}

/** Phones and desktops offer a proxy; in a browser the page is a frame of Telegram Web. */
function wayOut(window: BridgeWindow): ((method: string, params?: object) => void) | null {
  const proxy = window.TelegramWebviewProxy;
  if (typeof proxy?.postEvent === 'function') {
    return (method, params) => proxy.postEvent?.(method, params ? JSON.stringify(params) : '');
  }
  if (window.parent !== window) {
    return (eventType, eventData) =>
      window.parent.postMessage(JSON.stringify({ eventType, eventData: eventData ?? '' }), WEB_ORIGIN);
  }
  return null;
}

/** Android and iOS call the first, Desktop and macOS the second, old clients the third; Web sends messages. */
function listen(window: BridgeWindow, receive: Receive): void {
  window.Telegram = { ...window.Telegram, WebView: { ...window.Telegram?.WebView, receiveEvent: receive } };
  window.TelegramGameProxy = { ...window.TelegramGameProxy, receiveEvent: receive };
  window.TelegramGameProxy_receiveEvent = receive;
  window.addEventListener('message', ({ source, data }) => {
    if (source !== window.parent || source === window || typeof data !== 'string') return;
    try {
      const message: unknown = JSON.parse(data);
      if (isObject(message)) receive(message.eventType, message.eventData);
    } catch {
      // not of the protocol: other scripts post messages too
    }
  });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Versions are compared part by part: 7.10 is newer than 7.9. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, need] = [version.split('.').map(Number), wanted.split('.').map(Number)];
  for (let i = 0; i < need.length; i++) {
    const difference = (have[i] || 0) - (need[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
