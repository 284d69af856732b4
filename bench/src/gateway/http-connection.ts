import type { Socket } from 'node:net';
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *([0-9]+)/i;
/** `HTTP/1.1 200` */
const STATUS_FROM = 9;
const STATUS_TO = 12;
/** Every connection reads into the same bytes: they are looked at before the next one reads. */
const READ_BUFFER = Buffer.alloc(64 * 1024);

/** Told the status when the whole answer is here; 0 when the connection ended instead. */
export type OnAnswer = (status: number) => void;

/**
 * A keep-alive connection that has one request at a time, already written as bytes. It reads of an answer what it must and keeps nothing: a
 * client that does more is slower than the server that it is to measure.
 */
export class HttpConnection {
  private onAnswer: OnAnswer | undefined;
  private head = '';
  private status = 0;
  private missingBytes = 0;
  private ended = false;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
  }

  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      let connection: HttpConnection | undefined;
      const socket = connect({
        host: hostname,
        port: Number(port),
        onread: {
          buffer: READ_BUFFER,
          callback: (sizeBytes) => {
            connection?.read(sizeBytes);
            return true;
          },
        },
      });
      socket.once('connect', () => resolve((connection = new HttpConnection(socket))));
      socket.on('error', (error) => (connection ? connection.end() : reject(error)));
      socket.on('close', () => connection?.end());
    });
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  ask(request: Buffer, onAnswer: OnAnswer): void {
    if (this.ended) return onAnswer(0);
    this.onAnswer = onAnswer;
    this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private read(sizeBytes: number): void {
    if (this.missingBytes > 0) {
      this.missingBytes -= sizeBytes;
      if (this.missingBytes <= 0) this.answered();
      return;
    }
    this.head += READ_BUFFER.toString('latin1', 0, sizeBytes);
    const end = this.head.indexOf(HEAD_END);
    if (end < 0) return;
    const bodyBytes = Number(LENGTH.exec(this.head)?.[1] ?? 0);
    this.status = Number(this.head.slice(STATUS_FROM, STATUS_TO));
    this.missingBytes = end + HEAD_END.length + bodyBytes - this.head.length;
    this.head = '';
    if (this.missingBytes <= 0) this.answered();
  }

  private answered(): void {
    this.missingBytes = 0;
    const { onAnswer } = this;
    this.onAnswer = undefined;
    onAnswer?.(this.status);
  }

  private end(): void {
    this.ended = true;
    this.status = 0;
    this.answered();
  }
}
