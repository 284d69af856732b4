import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** As much of RFC 5321 as a client needs, over loopback, without TLS; and what it was told. */
export class TestSmtpServer {
  /** The data of each mail that was taken. */
  readonly mails: string[] = [];
  /** Every command but the data. */
  readonly commands: string[] = [];
  /** Answers of the next mails, in their order; those beyond are taken. */
  readonly answers: string[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(): Promise<TestSmtpServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestSmtpServer(server);
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private serve(socket: Socket): void {
    let pending = '';
    let inData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    socket.on('error', () => socket.destroy());
    say('220 test');
    socket.on('data', (chunk: Buffer) => {
      pending += chunk.toString('latin1');
      for (;;) {
        const end = inData ? '\r\n.\r\n' : '\r\n';
        const at = pending.indexOf(end);
        if (at < 0) return;
        const part = pending.slice(0, at);
        pending = pending.slice(at + end.length);
        if (inData) {
          inData = false;
          const answer = this.answers.shift() ?? '250 taken';
          if (answer.startsWith('2')) this.mails.push(part);
          say(answer);
          continue;
        }
        this.commands.push(part);
        inData = part === 'DATA';
        if (part === 'STARTTLS') say('502 not here');
        else if (part === 'QUIT') socket.end('221 bye\r\n');
        else say(inData ? '354 go on' : '250 ok');
      }
    });
  }
}
