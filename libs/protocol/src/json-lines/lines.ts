const NEWLINE = 0x0a;

export interface Line {
  readonly text: string;
  /** Of the byte behind its end. */
  readonly nextPosition: number;
}

export interface LinesOptions {
  /** Position of the first byte of the stream. */
  readonly from: number;
  readonly maxLineBytes: number;
}

/**
 * The lines of a stream of bytes, with where each ends; the last one may lack its newline.
 * @throws Error when a line is too long, or not UTF-8
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  { from, maxLineBytes }: LinesOptions,
): AsyncIterable<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let chunkFrom = from;
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const end = (rest: Uint8Array): string => {
    const whole = begun.length === 0 ? rest : joined([...begun, rest]);
    begun = [];
    begunBytes = 0;
    if (whole.byteLength > maxLineBytes) throw new Error(`is longer than ${maxLineBytes} bytes`);
    try {
      return decoder.decode(whole);
    } catch {
      throw new Error('is not UTF-8');
    }
  };
  for await (const chunk of chunks) {
    let at = 0;
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, at)) {
      const text = end(chunk.subarray(at, newline));
      at = newline + 1;
      yield { text, nextPosition: chunkFrom + at };
    }
    begun.push(chunk.subarray(at));
    begunBytes += chunk.byteLength - at;
    chunkFrom += chunk.byteLength;
    if (begunBytes > maxLineBytes) throw new Error(`is longer than ${maxLineBytes} bytes`);
  }
  if (begunBytes > 0) yield { text: end(new Uint8Array(0)), nextPosition: chunkFrom };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
