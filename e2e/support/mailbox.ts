/** A mail server on loopback, as small as SMTP lets it be (RFC 5321): it takes every letter and keeps it. */
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';

export class Mailbox {
  readonly letters: { to: string; text: string }[] = [];

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Mailbox> {
    const server = createServer();
    const mailbox = new Mailbox(server);
    server.on('connection', (socket) => mailbox.converse(socket));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return mailbox;
  }

  /** What a server under test needs to send its letters here. */
  get settings(): Record<string, string> {
    const address = this.server.address();
    if (typeof address !== 'object' || !address) throw new Error('the mailbox is closed');
    return { SMTP_URL: `smtp://127.0.0.1:${address.port}?tls=none`, MAIL_FROM: 'Maska <maska@example.org>' };
  }

  /** Path and fragment of the link in the newest letter to somebody that leads to a page. */
  async link(to: string, page: string): Promise<string> {
    const find = () =>
      this.letters
        .filter((letter) => letter.to === to)
        .map(({ text }) => new RegExp(`http://[^/\\s]+(${page}#token=\\S+)`).exec(text)?.[1])
        .findLast((link) => link !== undefined);
    await expect.poll(find).toBeDefined();
    return find() ?? '';
  }

  close(): Promise<void> {
    return new Promise((closed) => this.server.close(() => closed()));
  }

  private converse(socket: Socket): void {
    let [line, data, to] = ['', null as string | null, ''];
    const say = (text: string) => socket.write(`${text}\r\n`);
    const hear = (command: string) => {
      if (data !== null) {
        if (command !== '.') {
          data += `${command}\r\n`;
          return;
        }
        this.letters.push({ to, text: decoded(data) });
        data = null;
        say('250 kept');
      } else if (/^EHLO/i.test(command)) {
        say('250-mailbox.example.org');
        say('250 8BITMIME');
      } else if (/^RCPT TO:/i.test(command)) {
        to = /<(.*?)>/.exec(command)?.[1] ?? '';
        say('250 known');
      } else if (/^DATA/i.test(command)) {
        data = '';
        say('354 go on');
      } else if (/^QUIT/i.test(command)) {
        say('221 goodbye');
        socket.end();
      } else {
        say('250 fine');
      }
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      line += chunk;
      for (let end = line.indexOf('\r\n'); end >= 0; end = line.indexOf('\r\n')) {
        const command = line.slice(0, end);
        line = line.slice(end + 2);
        hear(command);
      }
    });
    socket.on('error', () => {}); // the server under test may be killed in the middle of a letter
    say('220 mailbox.example.org');
  }
}

/** Quoted-printable (RFC 2045, section 6.7), as far as links need it. */
function decoded(data: string): string {
  return data
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
