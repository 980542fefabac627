/**
 * A stand-in for the Telegram client around the page: it opens the page with the same launch
 * parameters, speaks the same bridge, and answers on a later tick, as real clients do.
 */
import type { BrowserContext, Frame, Page } from 'playwright-core';

export type Platform = 'android' | 'ios' | 'tdesktop' | 'weba';
export type Theme = Readonly<Record<string, string>>;
type Event = readonly [name: string, data: unknown];

export interface Call {
  method: string;
  data: Readonly<Record<string, unknown>>;
}

export interface TelegramOptions {
  platform?: Platform;
  /** Bot API version of the client. */
  version?: string;
  theme?: Theme;
  /** Never answers anything, as clients do with what they do not know. */
  mute?: boolean;
}

export const LIGHT: Theme = {
  bg_color: '#ffffff',
  secondary_bg_color: '#eff1f6',
  text_color: '#12161c',
  hint_color: '#8e8e93',
  link_color: '#1a68bd',
  button_color: '#1f6fc9',
  button_text_color: '#ffffff',
  header_bg_color: '#ffffff',
  section_bg_color: '#ffffff',
  accent_text_color: '#1a68bd',
  section_header_text_color: '#1a68bd',
  subtitle_text_color: '#8e8e93',
  destructive_text_color: '#c62b34',
  bottom_bar_bg_color: '#ffffff',
};

export const DARK: Theme = {
  bg_color: '#17202a',
  secondary_bg_color: '#0f161e',
  text_color: '#f3f6fa',
  hint_color: '#93a1b1',
  link_color: '#74b6ff',
  button_color: '#3273c4',
  button_text_color: '#ffffff',
  header_bg_color: '#17202a',
  section_bg_color: '#1c2733',
  accent_text_color: '#74b6ff',
  section_header_text_color: '#74b6ff',
  subtitle_text_color: '#93a1b1',
  destructive_text_color: '#ff8a85',
  bottom_bar_bg_color: '#17202a',
};

const WEB_CLIENT = 'https://web.telegram.org/a/';
/** The attributes that Telegram's web clients give to the frame. */
const SANDBOX =
  'allow-scripts allow-same-origin allow-popups allow-forms allow-modals allow-storage-access-by-user-activation';

/** What the scripts below put on the window of the page or of the web client. */
interface ClientWindow extends Window {
  telegramClient(method: string, json: string): Promise<Event[]>;
  telegramPush(name: string, data: unknown): void;
  TelegramWebviewProxy?: { postEvent(method: string, json: string): void };
  Telegram?: { WebView?: { receiveEvent?(name: string, data: unknown): void } };
  TelegramGameProxy?: { receiveEvent?(name: string, data: unknown): void };
}

export class TelegramClient {
  /** What the page asked for, in order. */
  readonly calls: Call[] = [];
  private readonly platform: Platform;
  private readonly version: string;
  private readonly mute: boolean;
  private theme: Theme;
  /** Telegram's SecureStorage: of the device, so it outlives the page. */
  private readonly secrets = new Map<string, string>();

  constructor(
    private readonly page: Page,
    { platform = 'android', version = '9.1', theme = LIGHT, mute = false }: TelegramOptions,
  ) {
    this.platform = platform;
    this.version = version;
    this.theme = theme;
    this.mute = mute;
  }

  /** Stands around the page from now on. */
  async attach(context: BrowserContext): Promise<void> {
    await context.exposeBinding('telegramClient', (_source, method: string, json: string) => this.hear(method, json));
    if (this.platform !== 'weba') await this.page.addInitScript(webView, this.platform);
  }

  /** Opens the app; returns the frame it runs in. */
  async launch(origin: string, initData: string): Promise<Frame> {
    if (this.platform !== 'weba') {
      await this.page.goto(this.address(origin, initData));
      return this.page.mainFrame();
    }
    await this.page.route(`${WEB_CLIENT}**`, (route) =>
      route.fulfill({ contentType: 'text/html; charset=utf-8', body: webClient(this.address(origin, initData)) }),
    );
    await this.page.goto(WEB_CLIENT);
    const frame = await (await this.page.waitForSelector('iframe')).contentFrame();
    if (!frame) throw new Error('Telegram Web has no frame');
    await frame.waitForURL(`${origin}/**`);
    return frame;
  }

  private address(origin: string, initData: string): string {
    const launch = new URLSearchParams({
      tgWebAppData: initData,
      tgWebAppVersion: this.version,
      tgWebAppPlatform: this.platform,
      tgWebAppThemeParams: JSON.stringify(this.theme),
    });
    return `${origin}/#${launch}`;
  }

  /** Says something of its own accord: `theme_changed`, `back_button_pressed`, … */
  async push(name: string, data: unknown = {}): Promise<void> {
    await this.page.evaluate(([name, data]) => (window as unknown as ClientWindow).telegramPush(name, data), [
      name,
      data,
    ] as const);
  }

  async changeTheme(theme: Theme): Promise<void> {
    this.theme = theme;
    await this.push('theme_changed', { theme_params: theme });
  }

  /** The parameters of the last call of a method. */
  last(method: string): Readonly<Record<string, unknown>> | undefined {
    return this.calls.findLast((call) => call.method === method)?.data;
  }

  private hear(method: string, json: string): Event[] {
    const data = json ? (JSON.parse(json) as Call['data']) : {};
    this.calls.push({ method, data });
    return this.mute ? [] : this.answer(method, data);
  }

  private answer(method: string, data: Call['data']): Event[] {
    const { req_id, key } = data;
    switch (method) {
      case 'web_app_request_theme':
        return [['theme_changed', { theme_params: this.theme }]];
      case 'web_app_request_viewport': {
        const height = this.page.viewportSize()?.height;
        return [['viewport_changed', { height, is_expanded: true, is_state_stable: true }]];
      }
      case 'web_app_request_safe_area':
        return [['safe_area_changed', { top: 0, bottom: 0, left: 0, right: 0 }]];
      case 'web_app_request_content_safe_area':
        return [['content_safe_area_changed', { top: 0, bottom: 0, left: 0, right: 0 }]];
      case 'web_app_secure_storage_save_key': {
        if (typeof data.value === 'string') this.secrets.set(String(key), data.value);
        else this.secrets.delete(String(key));
        return [['secure_storage_key_saved', { req_id }]];
      }
      case 'web_app_secure_storage_get_key': {
        const value = this.secrets.get(String(key)) ?? null;
        return [['secure_storage_key_received', { req_id, value, can_restore: false }]];
      }
      default:
        return [];
    }
  }
}

/** Runs in the page, before any of its scripts: the web view of phones and desktops. */
function webView(platform: Platform): void {
  const client = window as unknown as ClientWindow;
  // Looked up when something is to be told: the page puts these functions there.
  const receive = (name: string, data: unknown) => {
    if (platform === 'tdesktop') client.TelegramGameProxy?.receiveEvent?.(name, data);
    else client.Telegram?.WebView?.receiveEvent?.(name, data);
  };
  client.telegramPush = receive;
  client.TelegramWebviewProxy = {
    postEvent(method, json) {
      void client.telegramClient(method, json).then((events) => {
        for (const [name, data] of events) receive(name, data);
      });
    },
  };
}

/** Telegram Web: a page of another origin with the app in a frame. */
function webClient(address: string): string {
  return `<!doctype html><title>Telegram Web</title>
<style>html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%;display:block}</style>
<iframe src="${address.replaceAll('&', '&amp;')}" sandbox="${SANDBOX}" allow="camera; microphone; geolocation;"></iframe>
<script>
const app = document.querySelector('iframe');
window.telegramPush = (eventType, eventData) => app.contentWindow.postMessage(JSON.stringify({ eventType, eventData }), '*');
addEventListener('message', async ({ source, data }) => {
  if (source !== app.contentWindow) return;
  const { eventType, eventData } = JSON.parse(data);
  const events = await telegramClient(eventType, eventData ? JSON.stringify(eventData) : '');
  for (const [name, answer] of events) telegramPush(name, answer);
});
</script>`;
}
