import type { Patch, Variant } from '../variant.js';

const ROUTE = 'libs/routing/src/route.ts';
/** What apps/gateway does around the route, as far as the simulation has it. */
const GATEWAY = 'libs/simulation/src/processes/sim-gateway.ts';
/** What apps/worker makes of errors, likewise. */
const SERVICE = 'libs/simulation/src/processes/service.ts';
const RECORDS = 'libs/engine/src/head/idempotency-records.ts';
const IDEMPOTENCY = 'libs/ownership/src/transaction/idempotency.ts';
const TRANSACTOR = 'libs/ownership/src/transaction/transactor.ts';
const PATIENCE = 'libs/routing/src/patience.ts';

/** Workers have less time than most puts take: then they often do not know what became of a write. */
const HURRIED: readonly Patch[] = [
  {
    file: PATIENCE,
    find: 'const workerMs = Math.max(1, Math.floor(timeoutMs - ANSWER_MARGIN_MS));',
    replace: 'const workerMs = waitsForOwner ? timeoutMs : 40;',
  },
];

const WITHOUT_A_KEY: readonly Variant[] = [
  {
    name: 'sends-a-lost-sum-again',
    invariant: 'T3',
    breaks: 'a gateway sends a sum without an idempotency key again when its answer was lost',
    setting: 'lost-answers',
    patches: [
      {
        file: GATEWAY,
        find: "return request.keyed ? 'once' : 'unsafe';",
        replace: "return request.keyed || request.ops.every(({ op }) => op === 'sum') ? 'once' : 'unsafe';",
      },
    ],
  },
  {
    name: 'takes-every-request-for-harmless',
    invariant: 'T3',
    breaks: 'a gateway sends every request again whose answer was lost, whether it has an idempotency key or not',
    setting: 'lost-answers',
    patches: [{ file: GATEWAY, find: "return request.keyed ? 'once' : 'unsafe';", replace: "return 'harmless';" }],
  },
  {
    name: 'takes-every-mutation-for-one-with-a-key',
    invariant: 'T3',
    breaks: 'a gateway sends every mutation again as if it had an idempotency key',
    setting: 'lost-answers',
    patches: [{ file: GATEWAY, find: "return request.keyed ? 'once' : 'unsafe';", replace: "return 'once';" }],
  },
  {
    name: 'takes-a-broken-connection-for-none',
    invariant: 'T3',
    breaks: 'a gateway takes a connection that broke for one that was never made, and asks elsewhere',
    setting: 'lost-answers',
    patches: [
      {
        file: GATEWAY,
        find: 'return { kind: reply.kind, from: session };',
        replace: "return { kind: 'unreachable', from: session };",
      },
    ],
  },
  {
    name: 'takes-silence-for-none-received',
    invariant: 'T3',
    breaks: 'a gateway takes a worker that did not answer in time for one that has received nothing',
    setting: 'lost-answers',
    eases: [
      {
        file: PATIENCE,
        find: "const timeoutMs = repetition === 'unsafe' || waitsForOwner ? wholeMs : Math.min(wholeMs, ATTEMPT_MS);",
        replace: 'const timeoutMs = waitsForOwner ? wholeMs : Math.min(wholeMs, 300);',
      },
      {
        file: PATIENCE,
        find: 'const workerMs = Math.max(1, Math.floor(timeoutMs - ANSWER_MARGIN_MS));',
        replace: 'const workerMs = Math.max(ATTEMPT_MS, Math.floor(timeoutMs - ANSWER_MARGIN_MS));',
      },
    ],
    patches: [
      {
        file: GATEWAY,
        find: 'return { kind: reply.kind, from: session };',
        replace: "return { kind: reply.isTimeout ? 'unreachable' : reply.kind, from: session };",
      },
    ],
  },
];

const UNKNOWN: readonly Variant[] = [
  {
    name: 'tells-that-a-lost-mutation-was-not-applied',
    invariant: 'T3',
    breaks: 'a gateway tells that nothing was applied when the answer to a mutation without a key was lost',
    setting: 'lost-answers',
    patches: [
      {
        file: ROUTE,
        find: "if (this.lost && this.settings.repetition === 'unsafe') return { kind: 'give-up', code: 'outcome-unknown' };",
        replace:
          "if (this.lost && this.settings.repetition === 'unsafe') return { kind: 'give-up', code: 'owner-unavailable' };",
      },
    ],
  },
  {
    name: 'asks-again-after-an-unknown-outcome',
    invariant: 'T3',
    breaks: 'a gateway takes the unknown outcome of a worker for word that nothing was applied',
    setting: 'lost-answers',
    eases: HURRIED,
    patches: [
      {
        file: GATEWAY,
        find: "if (reply.answer.kind === 'unknown' && repetition !== 'unsafe') return { kind: 'lost', from: session };",
        replace: `if (reply.answer.kind === 'unknown')
          return { kind: 'not-applied', from: session, code: 'owner-unavailable', retryAfterMs: undefined };`,
      },
    ],
  },
  {
    name: 'takes-an-unknown-outcome-for-a-refusal',
    invariant: 'T3',
    breaks: 'a worker that does not know what became of a write tells that it was not applied',
    setting: 'lost-answers',
    eases: HURRIED,
    patches: [
      {
        file: SERVICE,
        find: "if (error.kind === 'unknown') return { kind: 'answer', answer: { kind: 'unknown' } };",
        replace:
          "if (error.kind === 'unknown') return { kind: 'answer', answer: { kind: 'disclaimed', code: 'owner-unavailable' } };",
      },
    ],
  },
];

const KEYS: readonly Variant[] = [
  {
    name: 'draws-an-idempotency-key-for-each-attempt',
    invariant: 'T3',
    breaks: 'a gateway gives each attempt an idempotency key of its own',
    setting: 'lost-answers',
    patches: [
      {
        file: GATEWAY,
        find: 'const hop = { database, callId, request, waitForOwner };',
        replace: 'const hop = { database, callId: `${callId} by ${session} at ${leftMs}`, request, waitForOwner };',
      },
    ],
  },
  {
    name: 'draws-an-idempotency-key-for-each-request',
    invariant: 'T3',
    breaks: 'a gateway makes idempotency keys of its own, so that a client that asks again is somebody else',
    setting: 'lost-answers',
    patches: [
      {
        file: GATEWAY,
        find: 'const hop = { database, callId, request, waitForOwner };',
        replace: 'const hop = { database, callId: `${callId} by ${this.process.name}`, request, waitForOwner };',
      },
    ],
  },
  {
    name: 'answers-a-repetition-before-the-first-is-durable',
    invariant: 'R2',
    breaks: 'who asks again under an idempotency key is answered while the first attempt may still be lost',
    setting: 'lost-segments-and-answers',
    patches: [
      {
        file: TRANSACTOR,
        find: "return this.durably({ version: verdict.version, effect: 'repeated', writeUnits: 0 }, signal);",
        replace: "return Promise.resolve({ version: verdict.version, effect: 'repeated', writeUnits: 0 });",
      },
    ],
  },
  {
    name: 'answers-a-repetition-with-the-last-version',
    invariant: 'T3',
    breaks: 'who asks again under an idempotency key is told the present version, not the one that it was applied at',
    setting: 'lost-answers',
    patches: [
      {
        file: TRANSACTOR,
        find: "return this.durably({ version: verdict.version, effect: 'repeated', writeUnits: 0 }, signal);",
        replace: "return this.durably({ version: last.version, effect: 'repeated', writeUnits: 0 }, signal);",
      },
    ],
  },
];

const MEMORY: readonly Variant[] = [
  {
    name: 'forgets-idempotency-records-that-leave-the-head',
    invariant: 'T3',
    breaks: 'a head that has no room for more idempotency records drops the oldest of them',
    setting: 'lost-answers',
    patches: [
      {
        file: RECORDS,
        find: 'return { files: [file, ...files], recent:',
        replace: 'return { files: files.filter(({ id }) => id !== file.id), recent:',
      },
    ],
  },
  {
    name: 'looks-for-idempotency-records-in-the-head-alone',
    invariant: 'T3',
    breaks: 'an idempotency key whose record lies in a file counts as new',
    setting: 'lost-answers',
    patches: [
      {
        file: IDEMPOTENCY,
        find: 'if (recent !== undefined || head.idempotency.files.length === 0) return recent;',
        replace: 'if (recent !== undefined || head.idempotency.files.length >= 0) return recent;',
      },
    ],
  },
];

/** What may become of a request whose answer is lost, on either side of a gateway. */
export const BROKEN_RETRIES: readonly Variant[] = [...WITHOUT_A_KEY, ...UNKNOWN, ...KEYS, ...MEMORY];
