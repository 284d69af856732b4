import { BadFrameError, HOP_PHASES_HEADER } from '@leasehold/protocol';

/** What of a worker's answer goes to the client, in the order in which it does; `retry-after` is of refusals, which are not plain. */
const PASSED = [
  'etag',
  'content-type',
  'cache-control',
  'idempotency-replayed',
  'leasehold-cost',
  'leasehold-version',
] as const;

/** The head of an answer in a frame, as far as it matters to who passes it on. */
export interface PlainAnswer {
  readonly status: number;
  /** Names and values by turns. */
  readonly passed: readonly string[];
  readonly phases: string | undefined;
}

/** By their place among those that pass. Used again for the next head. */
const values = new Array<string | undefined>(PASSED.length).fill(undefined);
const STATUS_CHARS = 3;

/** @throws BadFrameError */
export function plainAnswerOf(head: string): PlainAnswer {
  const status = Number(head.slice(0, STATUS_CHARS));
  if (!(status >= 200 && status <= 599)) throw new BadFrameError('no status');
  values.fill(undefined);
  let phases: string | undefined;
  // Each turn takes a name and a value.
  for (let at = STATUS_CHARS; at < head.length;) {
    const middle = head.indexOf('\n', at + 1);
    if (middle < 0) throw new BadFrameError('a header without a value');
    const name = head.slice(at + 1, middle);
    const next = head.indexOf('\n', middle + 1);
    const end = next < 0 ? head.length : next;
    const place = PASSED.indexOf(name as (typeof PASSED)[number]);
    if (place >= 0) values[place] = head.slice(middle + 1, end);
    else if (name === HOP_PHASES_HEADER) phases = head.slice(middle + 1, end);
    at = end;
  }
  const passed: string[] = [];
  for (let place = 0; place < PASSED.length; place++) {
    const value = values[place];
    if (value !== undefined) passed.push(PASSED[place] as string, value);
  }
  return { status, passed, phases };
}
