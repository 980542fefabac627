/** One device in somebody's hands: a browser of its own, what stands on its screen, and what a person does there. */
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Person } from './person.ts';
import { TelegramClient, type TelegramOptions } from './telegram.ts';
import { Wire } from './wire.ts';
import { locales, type Translate } from './words.ts';

export interface Bubble {
  /** Nickname; null for one's own. */
  author: string | null;
  text: string;
  /** The word of the tick; null for those of others. */
  state: string | null;
}

export interface DeviceOptions extends TelegramOptions {
  /** Browser settings: size, touch, colour scheme. */
  screen?: BrowserContextOptions;
}

export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
/** So high that everything which a short conversation says is drawn. */
export const TALL = { viewport: { width: 800, height: 2400 } };

export class Device {
  /** The app's frame: the page itself, or the one inside of Telegram Web. */
  app: Frame;
  readonly t: Translate;
  /** Texts said here; none may be found in a log. */
  readonly said: string[] = [];
  /** What must not happen in any test. */
  readonly problems: string[] = [];
  /** What left and came, as text: requests with their addresses and bodies, and the frames of sockets. */
  readonly requests: string[] = [];
  readonly sentFrames: string[] = [];

  private constructor(
    readonly person: Person,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly telegram: TelegramClient,
    readonly wire: Wire,
    private readonly touch: boolean,
  ) {
    this.app = page.mainFrame();
    this.t = locales[person.language].t;
  }

  static async make(browser: Browser, port: number, person: Person, options: DeviceOptions = {}): Promise<Device> {
    const wire = await Wire.to(port);
    const context = await browser.newContext({ ...DESKTOP, ...options.screen });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const telegram = new TelegramClient(page, options);
    await telegram.attach(context);
    const device = new Device(person, context, page, telegram, wire, options.screen?.hasTouch ?? false);
    await device.watch();
    return device;
  }

  /** Opens the app as Telegram does. */
  async launch(initData = this.person.initData()): Promise<void> {
    this.app = await this.telegram.launch(this.wire.origin, initData);
  }

  /** Launches, goes past the card of the first visit, and waits until the room stands. */
  async enter(): Promise<void> {
    await this.launch();
    await this.app.getByRole('button', { name: this.t('first.enter') }).click();
    await this.online();
  }

  /** Waits until the server has confirmed the connection. */
  async online(): Promise<void> {
    const header = this.app.getByRole('banner');
    const [few, some] = [this.t('room.few'), this.t('room.many', { n: 5 })];
    await header.getByText(few).or(header.getByText(some)).waitFor();
  }

  async reload(): Promise<void> {
    const { origin } = this.wire;
    await this.page.reload();
    if (this.app === this.page.mainFrame()) return;
    const frame = await (await this.page.waitForSelector('iframe')).contentFrame();
    if (!frame) throw new Error('Telegram Web has no frame');
    await frame.waitForURL(`${origin}/**`);
    this.app = frame;
  }

  get composer(): Locator {
    return this.app.getByRole('textbox', { name: this.t('composer.hint') });
  }

  get log(): Locator {
    return this.app.getByRole('log', { name: this.t('chat.log') });
  }

  get bar(): Locator {
    return this.app.getByText(this.t('chat.offline'));
  }

  /** The button that opens the own-mask sheet; it stands beside the field. */
  get face(): Locator {
    return this.app.getByRole('button', { name: this.t('composer.as', { name: '' }) });
  }

  async nickname(): Promise<string> {
    const label = (await this.face.getAttribute('aria-label')) ?? '';
    return label.slice(this.t('composer.as', { name: '' }).length);
  }

  /** The button beside the field; while the server asks to wait, it says for how long. */
  get sendButton(): Locator {
    return this.app.getByRole('button', { name: this.t('composer.send'), exact: true });
  }

  /** Writes, and sends as soon as it may be sent: with the key, or with the button where keys are drawn on glass. */
  async say(text: string): Promise<void> {
    this.said.push(text);
    await this.composer.fill(text);
    await expect.poll(() => this.sendButton.getAttribute('aria-disabled')).toBe('false');
    if (this.touch) await this.sendButton.tap();
    else await this.composer.press('Enter');
  }

  /** The bubbles on the screen, from old to new; the list draws only what is near. */
  async bubbles(): Promise<Bubble[]> {
    return (await this.drawn()).map(([, bubble]) => bubble);
  }

  async texts(): Promise<string[]> {
    return (await this.bubbles()).map(({ text }) => text);
  }

  /** Everything that was said, from the oldest to the newest, by walking the list from its top. */
  async everything(): Promise<string[]> {
    const rows = new Map<number, string>();
    let [at, before] = [await this.scroll(0), -1];
    while (at !== before) {
      for (const [row, { text }] of await this.drawn()) rows.set(row, text);
      [at, before] = [await this.scroll(at + 600), at];
    }
    return [...rows].sort(([a], [b]) => a - b).map(([, text]) => text);
  }

  /** Waits until the screen shows these texts and no others. */
  async shows(texts: readonly string[]): Promise<void> {
    await expect.poll(() => this.texts()).toEqual(texts);
  }

  /** Waits until one's own bubbles all carry the tick. */
  async allSent(): Promise<void> {
    const sent = this.t('msg.sent');
    await expect.poll(async () => (await this.bubbles()).filter(({ state }) => (state ?? sent) !== sent)).toEqual([]);
  }

  /** Scrolls the list and lets it draw; returns where it really is then. */
  private scroll(top: number): Promise<number> {
    return this.log.evaluate(
      (log, top) =>
        new Promise<number>((drawn) => {
          log.scrollTop = top;
          requestAnimationFrame(() => requestAnimationFrame(() => drawn(log.scrollTop)));
        }),
      top,
    );
  }

  /** The drawn bubbles with the number of their row. */
  private drawn(): Promise<[row: number, Bubble][]> {
    return this.log.getByRole('article').evaluateAll((articles) =>
      articles.map((article) => {
        const row = Number(article.closest('[data-index]')?.getAttribute('data-index'));
        const text = article.querySelector('p')?.cloneNode(true) as Element | undefined;
        const meta = text?.querySelector('time')?.parentElement;
        const state = meta?.lastElementChild;
        meta?.remove();
        const name = article.firstElementChild;
        return [
          row,
          {
            author: name?.tagName === 'SPAN' ? (name.textContent ?? '') : null,
            text: text?.textContent ?? '',
            state: state && state.tagName !== 'TIME' ? (state.textContent ?? '') : null,
          },
        ];
      }),
    );
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.wire.close();
  }

  /** Writes down everything that leaves or comes, and what a page must never do. */
  private async watch(): Promise<void> {
    const { context, page, problems } = this;
    await context.exposeBinding('reportViolation', (_source, what: string) => problems.push(`CSP: ${what}`));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        (window as unknown as { reportViolation(what: string): void }).reportViolation(
          `${effectiveDirective} ${blockedURI}`,
        );
      });
    });
    context.on('request', (request) => {
      this.requests.push(`${request.url()}\n${request.postData() ?? ''}`);
      this.judge(request.url());
    });
    context.on('response', (response) => {
      const { 'content-type': type = '', 'content-encoding': encoding } = response.headers();
      // The search for what must not leave the server reads its bytes as they are.
      if (encoding && /json|event/.test(type)) problems.push(`an answer that cannot be searched: ${response.url()}`);
    });
    page.on('websocket', (socket) => {
      this.judge(socket.url().replace(/^ws/, 'http'));
      socket.on('framesent', ({ payload }) => this.sentFrames.push(String(payload)));
    });
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => problems.push(`page: ${error.stack}`));
  }

  private judge(address: string): void {
    const { origin, protocol } = new URL(address);
    const own = origin === this.wire.origin || ['data:', 'blob:', 'about:'].includes(protocol);
    if (!own && origin !== 'https://web.telegram.org') this.problems.push(`a foreign host: ${address}`);
  }
}
