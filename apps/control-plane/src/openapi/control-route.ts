import type { ErrorCode } from '@leasehold/protocol';

import type { EVERYBODY, PEOPLE, Requirement } from '../auth/access.js';
import type { ControlAnswer } from './control-answers.js';
import type { ControlBody } from './control-bodies.js';
import type { ControlQuery } from './control-parameters.js';

/** Those who run the service, whatever organization they belong to. No API key. */
export const OPERATORS = 'operators';

/** One route of the control API, as the document tells it. */
export interface ControlRoute {
  /** As the router has it: `GET /v1/databases/:nameOrId`. */
  readonly route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  readonly summary: string;
  readonly who: Requirement | typeof EVERYBODY | typeof PEOPLE | typeof OPERATORS;
  /** Of an answer to a request that nothing is wrong with. */
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: ControlBody;
  readonly query?: readonly ControlQuery[];
  /** Takes `If-Match` with the revision of what it changes. */
  readonly isConditional?: boolean;
  /** Left out where the answer is empty, or no JSON. */
  readonly answer?: ControlAnswer;
  /** JSON if left out. */
  readonly mediaType?: 'application/jsonl' | 'text/csv' | 'text/html' | 'application/pdf';
  /** What the same is answered as where one asks for it. */
  readonly alsoAs?: 'text/csv';
  /** Beside those that all routes of its kind have. */
  readonly codes?: readonly ErrorCode[];
}
