/** The built binary as a real process, which can be killed and started again on its port. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = resolve(process.env.MASKA_BINARY ?? '../bin/maska');

/** That of the bot of servers under test. */
export const BOT_TOKEN = '700000001:made-up-for-browser-tests';

export type Settings = Readonly<Record<string, string>>;

/** Runs one of the binary's other commands and returns what it prints. */
export function maska(...args: string[]): string {
  return execFileSync(BINARY, args, { encoding: 'utf8' }).trimEnd();
}

export class Server {
  /** Everything the server has said, over all its lives. */
  log = '';
  private process: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly settings: Settings,
  ) {}

  /** With a bot token, an empty data folder and SQLite, unless the settings say otherwise. */
  static async start(settings: Settings = {}): Promise<Server> {
    const server = new Server(await freePort(), mkdtempSync(join(tmpdir(), 'maska-e2e-')), settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(BINARY, {
      cwd: this.folder, // a developer's .env must not be read
      env: {
        PATH,
        HOME,
        HOST: '127.0.0.1',
        PORT: String(this.port),
        PUBLIC_URL: this.url,
        DATA_DIR: this.folder,
        TELEGRAM_BOT_TOKEN: BOT_TOKEN,
        LOG_LEVEL: 'debug',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    await new Promise<void>((listening, failed) => {
      let greeting = '';
      child.stdout.on('data', (chunk: Buffer) => {
        greeting += chunk.toString();
        if (greeting.includes('listens on')) listening();
      });
      child.once('error', failed);
      child.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${this.log}`)));
    });
  }

  /** As a power cut: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** As a deployment: it finishes what it began and says goodbye. Returns the exit code. */
  async stop(): Promise<number | null> {
    const child = this.process;
    if (!child) return null;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return gone;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }

  /** What lies in the data folder, as a thief of it would read it. */
  stored(): Buffer {
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
  }
}

/**
 * A loopback port nobody listens on, for what must be known before anything listens, as PUBLIC_URL must.
 *
 * It lies below the ports that systems give to outgoing connections (from 32768 up): one of those could go to a
 * browser's connection before the server takes it, or while a killed server is away from it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 30_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
