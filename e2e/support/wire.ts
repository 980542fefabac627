/**
 * The network between one device and the server: it keeps every byte that the server sent, and it can
 * break in the two ways networks break.
 */
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from 'node:net';

const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

type State = 'up' | 'silent' | 'cut';

export class Wire {
  private readonly listener: Listener;
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly chunks: Buffer[] = [];
  private state: State = 'up';
  /** How often the device has tried to connect. */
  tries = 0;
  /** As proxies of offices do: whoever asks for an upgrade is sent away. */
  refusesWebSocket = false;

  private constructor(private readonly target: number) {
    this.listener = createServer((near) => this.join(near));
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((listening) => wire.listener.listen(0, '127.0.0.1', listening));
    return wire;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** What the server has sent to this device. */
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Nothing arrives any more and nobody is told, as in a tunnel. */
  silence(): void {
    this.state = 'silent';
    for (const socket of this.sockets()) socket.pause();
  }

  /** Connections end and no new ones are made. */
  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets()) socket.destroy();
  }

  /** Back again; what was silent goes on where it was, as TCP does. */
  mend(): void {
    this.state = 'up';
    for (const socket of this.sockets()) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.listener.close(closed));
  }

  private sockets(): Socket[] {
    return [...this.pairs].flat();
  }

  private join(near: Socket): void {
    this.tries++;
    if (this.state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.target, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    far.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay();
      from.on('data', (chunk: Buffer) => {
        if (from === near && this.refusesWebSocket && chunk.includes('Upgrade: websocket')) near.end(FORBIDDEN);
        else to.write(chunk);
      });
      from.on('end', () => to.end());
      // The other end learns it by the close that follows each error.
      from.on('error', () => {});
      from.on('close', (broken) => {
        if (broken) to.destroy();
        else to.end();
        if (near.closed && far.closed) this.pairs.delete(pair);
      });
      if (this.state === 'silent') from.pause();
    }
  }
}
