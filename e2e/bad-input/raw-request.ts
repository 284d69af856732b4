/** A header as it is sent: nothing about it needs to be right. Characters are bytes (Latin-1). */
export type Header = readonly [name: string, value: string];

/** A request as it goes out on a socket. */
export interface RawRequest {
  readonly method: string;
  /** Characters are bytes. */
  readonly target: string;
  readonly headers: readonly Header[];
  /** Undefined: no body, and no header that announces one. */
  readonly body: Uint8Array | undefined;
  /** The body in chunks, its length not announced. */
  readonly isChunked: boolean;
}

const CHUNK_BYTES = 64 * 1024;

export function bytesOfRequest({ method, target, headers, body, isChunked }: RawRequest): Buffer {
  const framing: Header[] = [];
  if (body !== undefined) {
    framing.push(isChunked ? ['transfer-encoding', 'chunked'] : ['content-length', String(body.byteLength)]);
  }
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...[...headers, ...framing].map(([name, value]) => `${name}: ${value}`),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (body === undefined) return head;
  return Buffer.concat(isChunked ? [head, ...chunksOf(body)] : [head, body]);
}

function chunksOf(body: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    parts.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return [...parts, Buffer.from('0\r\n\r\n')];
}
