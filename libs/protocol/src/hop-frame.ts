import { LeaseholdError } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import type { HeaderValues } from './precondition.js';

/**
 * One message of the hop between gateway and worker over a connection that many requests share (docs/hop-frames.md). Big endian:
 *
 *     0        4        8        12           12 + h         12 + h + b
 *     ┌────────┬────────┬────────┬────────────┬──────────────┐
 *     │ h + b  │ number │ h      │ head       │ body         │
 *     │ u32    │ u32    │ u32    │ h bytes    │ b bytes      │
 *     └────────┴────────┴────────┴────────────┴──────────────┘
 *
 * `number` tells which answer belongs to which request. The head is Latin-1, as header values are in HTTP: lines of which the first ones
 * are `GET` and the target, or the status, and the rest names and values in turn.
 */
export interface HopFrame {
  readonly number: number;
  readonly head: string;
  /** A part of what was received: to be copied by who keeps it. */
  readonly body: Uint8Array;
}

/** As it comes out of a {@link FrameReader}. */
export interface ReceivedFrame extends HopFrame {
  readonly body: Buffer;
}

export const FRAME_PREFIX_BYTES = 12;
/** As much as HTTP takes of a head, twice: once for the target, once for the headers. */
const MAX_HEAD_BYTES = 32 * 1024;
export const MAX_FRAME_BYTES = MAX_HEAD_BYTES + LIMITS.valueBytes;

/** A worker that understands frames says so in its answers over HTTP, in this header, and upgrades a connection to this protocol. */
export const FRAMES_HEADER = 'leasehold-frames';
export const FRAMES_PROTOCOL = 'leasehold-frames-1';

export interface FramedRequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderValues;
}

export interface FramedAnswerHead {
  readonly status: number;
  readonly headers: HeaderValues;
}

/** Bytes that are no frames: the connection they came over is of no more use. */
export class BadFrameError extends LeaseholdError {
  override readonly name = 'BadFrameError';

  constructor(what: string) {
    super('invalid', 'bad-frame', `not a frame of the hop: ${what}`);
  }
}

export function formatRequestHead({ method, path, headers }: FramedRequestHead): string {
  return `${method}\n${path}${headerLines(headers)}`;
}

export function formatAnswerHead({ status, headers }: FramedAnswerHead): string {
  return `${status}${headerLines(headers)}`;
}

/** @throws BadFrameError */
export function parseRequestHead(head: string): FramedRequestHead {
  const [method = '', path = '', ...lines] = head.split('\n');
  if (method === '' || path === '') throw new BadFrameError('no method, or no target');
  return { method, path, headers: headersOf(lines) };
}

/** @throws BadFrameError */
export function parseAnswerHead(head: string): FramedAnswerHead {
  const [text = '', ...lines] = head.split('\n');
  const status = Number(text);
  if (!(status >= 200 && status <= 599)) throw new BadFrameError('no status');
  return { status, headers: headersOf(lines) };
}

function headerLines(headers: HeaderValues): string {
  let lines = '';
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') lines += `\n${name}\n${value}`;
  }
  return lines;
}

function headersOf(lines: readonly string[]): Record<string, string> {
  if (lines.length % 2 !== 0) throw new BadFrameError('a header without a value');
  const headers: Record<string, string> = {};
  for (let i = 0; i < lines.length; i += 2) headers[lines[i] as string] = lines[i + 1] as string;
  return headers;
}

/** Bytes of a frame. @throws BadFrameError when it is longer than whoever receives it would take */
export function frameSize(head: string, body: Uint8Array): number {
  if (head.length > MAX_HEAD_BYTES) throw new BadFrameError('its head is too long');
  return FRAME_PREFIX_BYTES + head.length + body.byteLength;
}

/** Writes a frame at `at`, where there has to be room for {@link frameSize} bytes. @returns where it ends */
export function writeFrame(into: Buffer, at: number, { number, head, body }: HopFrame): number {
  into.writeUInt32BE(head.length + body.byteLength, at);
  into.writeUInt32BE(number, at + 4);
  into.writeUInt32BE(head.length, at + 8);
  into.write(head, at + FRAME_PREFIX_BYTES, 'latin1');
  into.set(body, at + FRAME_PREFIX_BYTES + head.length);
  return at + FRAME_PREFIX_BYTES + head.length + body.byteLength;
}

const NO_BODY = Buffer.alloc(0);

/** Finds the frames in what arrives, however it is cut into pieces. Keeps one that is not whole yet, and so at most {@link MAX_FRAME_BYTES}. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private sizeBytes = 0;
  /** Less than this is not worth a look. */
  private wantedBytes = FRAME_PREFIX_BYTES;

  constructor(private readonly onFrame: (frame: ReceivedFrame) => void) {}

  /** @throws BadFrameError; nothing may be read from the same connection after that */
  push(piece: Buffer): void {
    let rest = piece;
    // One turn for the prefix of a frame that has begun, and one for the frame.
    while (this.pieces.length > 0) {
      const missingBytes = this.wantedBytes - this.sizeBytes;
      if (rest.byteLength < missingBytes) {
        this.pieces.push(rest);
        this.sizeBytes += rest.byteLength;
        return;
      }
      // No more than what belongs to it: behind that there may be a hundred frames, which need not be copied.
      const begun = Buffer.concat([...this.pieces, rest.subarray(0, missingBytes)], this.wantedBytes);
      rest = rest.subarray(missingBytes);
      this.read(begun);
    }
    this.read(rest);
  }

  private read(bytes: Buffer): void {
    const end = this.readAll(bytes);
    this.pieces = end === bytes.byteLength ? [] : [bytes.subarray(end)];
    this.sizeBytes = bytes.byteLength - end;
  }

  private readAll(bytes: Buffer): number {
    for (let at = 0; ;) {
      this.wantedBytes = FRAME_PREFIX_BYTES;
      if (bytes.byteLength - at < FRAME_PREFIX_BYTES) return at;
      const restBytes = bytes.readUInt32BE(at);
      const headBytes = bytes.readUInt32BE(at + 8);
      if (restBytes > MAX_FRAME_BYTES || headBytes > Math.min(restBytes, MAX_HEAD_BYTES)) {
        throw new BadFrameError('too long');
      }
      const sizeBytes = FRAME_PREFIX_BYTES + restBytes;
      this.wantedBytes = sizeBytes;
      if (bytes.byteLength - at < sizeBytes) return at;
      const bodyAt = at + FRAME_PREFIX_BYTES + headBytes;
      this.onFrame({
        number: bytes.readUInt32BE(at + 4),
        head: bytes.toString('latin1', at + FRAME_PREFIX_BYTES, bodyAt),
        body: bodyAt === at + sizeBytes ? NO_BODY : bytes.subarray(bodyAt, at + sizeBytes),
      });
      at += sizeBytes;
    }
  }
}
