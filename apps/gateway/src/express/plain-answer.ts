import { BadFrameError, COST_HEADER, EXPIRES_AT_HEADER, HOP_PHASES_HEADER } from '@leasehold/protocol';

import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { passedHeaders } from '../forwarding/worker-answer.js';
import { linesOf } from './answer-writer.js';

/** What of a worker's answer goes to the client, in the order in which it does; `retry-after` is of refusals, which are not plain. */
const PASSED = [
  'etag',
  'content-type',
  'cache-control',
  'idempotency-replayed',
  COST_HEADER,
  EXPIRES_AT_HEADER,
  'leasehold-version',
] as const;

/** What of a worker's answer matters to who passes it on, its body apart. */
export interface PassedHead {
  readonly status: number;
  /** Of `AnswerWriter`. */
  readonly lines: string;
  /** As `Leasehold-Cost` tells it. */
  readonly cost: string | undefined;
}

/** The head of an answer in a frame, as far as it matters to who passes it on. */
export interface PlainAnswer extends PassedHead {
  readonly phases: string | undefined;
}

/** By their place among those that pass. Used again for the next head. */
const values = new Array<string | undefined>(PASSED.length).fill(undefined);
const STARTS = PASSED.map((name) => `${name}: `);
const COST = PASSED.indexOf(COST_HEADER);
const STATUS_CHARS = 3;
/** What Node refuses in the value of a header, among the lines of a head. */
const NO_TEXT = /[^\t\n\x20-\x7e\x80-\xff]/;

/** @throws BadFrameError */
export function plainAnswerOf(head: string): PlainAnswer {
  const status = Number(head.slice(0, STATUS_CHARS));
  if (!(status >= 200 && status <= 599)) throw new BadFrameError('no status');
  if (NO_TEXT.test(head)) throw new BadFrameError('a byte that no header has');
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
  let lines = '';
  for (let place = 0; place < PASSED.length; place++) {
    const value = values[place];
    if (value !== undefined) lines += `${STARTS[place] as string}${value}\r\n`;
  }
  return { status, lines, cost: values[COST], phases };
}

/** The same of an answer that came another way. @throws TypeError a header that may not stand in an answer */
export function passedHeadOf(answer: WorkerAnswer): PassedHead {
  const passed = passedHeaders(answer);
  return { status: answer.status, lines: linesOf(passed), cost: passed[COST_HEADER] };
}
