/** An answer as it stands on the wire, chunks put together. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; of a name that is given twice, the last value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Head and body as they came. */
  readonly raw: Buffer;
}

export interface ReadAnswer {
  readonly answer: HttpAnswer;
  /** How many bytes it took. */
  readonly sizeBytes: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/**
 * The first whole answer in these bytes, interim ones passed over; undefined: it has not arrived yet. A stream of events counts as whole with its head.
 * @throws Error when the bytes are no HTTP answer
 */
export function readAnswer(bytes: Buffer, method: string): ReadAnswer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const [line = '', ...fields] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no status line: ${line.slice(0, 100)}`);
  const at = headEnd + HEAD_END.byteLength;
  if (status < 200) {
    const next = readAnswer(bytes.subarray(at), method);
    return next && { ...next, sizeBytes: at + next.sizeBytes };
  }
  const headers = new Map(fields.map((field) => [nameOf(field), field.slice(field.indexOf(':') + 1).trim()]));
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304 && !isStream;
  const found = hasBody ? bodyAt(bytes, at, headers) : { body: Buffer.alloc(0), end: at };
  if (found === undefined) return undefined;
  const { body, end } = found;
  return { answer: { status, headers, body, raw: bytes.subarray(0, end) }, sizeBytes: end };
}

function nameOf(field: string): string {
  return field.slice(0, field.indexOf(':')).toLowerCase();
}

function bodyAt(
  bytes: Buffer,
  at: number,
  headers: ReadonlyMap<string, string>,
): { readonly body: Buffer; readonly end: number } | undefined {
  if (headers.get('transfer-encoding') === 'chunked') return chunksAt(bytes, at);
  const end = at + Number(headers.get('content-length'));
  if (Number.isNaN(end)) throw new Error('an answer without a length');
  return bytes.byteLength < end ? undefined : { body: bytes.subarray(at, end), end };
}

function chunksAt(bytes: Buffer, from: number): { readonly body: Buffer; readonly end: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf(LINE_END, at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error('a chunk without a size');
    const end = lineEnd + LINE_END.byteLength + size;
    if (bytes.byteLength < end + LINE_END.byteLength) return undefined;
    chunks.push(bytes.subarray(lineEnd + LINE_END.byteLength, end));
    at = end + LINE_END.byteLength;
    if (size === 0) return { body: Buffer.concat(chunks), end: at };
  }
}
