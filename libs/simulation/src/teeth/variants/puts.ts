import type { Variant } from '../variant.js';

const SETTLEMENT = 'libs/object-store/src/settlement.ts';
const TRAIL = 'libs/object-store/src/edit-trail.ts';
const HEADS = 'libs/engine/src/head/head-store.ts';

/** P1: what may be concluded from the answer to a conditional put. */
export const BROKEN_PUTS: readonly Variant[] = [
  {
    name: 'trusts-a-refusal-after-an-unknown-answer',
    invariant: 'P1',
    breaks: 'an edit that was refused after an unknown answer is taken for not applied, without a look for its nonce',
    patches: [{ file: SETTLEMENT, find: 'const at = trail.nonces.indexOf(nonce);', replace: 'const at = -1;' }],
  },
  {
    name: 'takes-an-unknown-answer-for-done',
    invariant: 'P1',
    breaks: 'a put without an answer is taken for applied',
    patches: [
      {
        file: SETTLEMENT,
        find: "if (answer.outcome !== 'unknown') return answer;",
        replace: "return answer.outcome === 'unknown' ? { outcome: 'done', etag: 'none' } : answer;",
      },
    ],
  },
  {
    name: 'takes-an-old-value-for-a-refusal',
    invariant: 'P1',
    breaks: 'an edit without an answer is taken for not applied because the object still has its old value',
    setting: 'late-claims',
    patches: [
      { file: SETTLEMENT, find: 'await this.pause(answer.cause);', replace: "return { outcome: 'refused' };" },
      {
        file: SETTLEMENT,
        find: "current.etag === condition.match) return 'again';",
        replace: "current.etag === condition.match) return 'refused';",
      },
    ],
  },
  {
    name: 'repeats-an-unknown-edit-with-a-fresh-nonce',
    invariant: 'P1',
    breaks: 'an edit of a head without an answer is repeated with another nonce, under which it does not know itself',
    patches: [
      {
        file: SETTLEMENT,
        find: 'await this.pause(answer.cause);',
        replace: `if (this.ctx.once) throw new UnknownOutcomeError('asked once');
      await this.pause(answer.cause);`,
      },
      {
        file: HEADS,
        find: 'await settleSwap(this.ctx, bucketLayout',
        replace: 'await settleSwap({ ...this.ctx, once: true }, bucketLayout',
      },
      {
        file: HEADS,
        find: `decodeHead(body).trail,
    });`,
        replace: `decodeHead(body).trail,
    }).catch((error) => error);
    if (swap.kind === 'unknown') return this.settle(head, condition, base);
    if (swap instanceof Error) throw swap;`,
      },
    ],
  },
  {
    name: 'repeats-an-unknown-edit-over-whatever-is-there',
    invariant: 'P1',
    breaks: 'an edit without an answer is repeated under the condition of the present value',
    patches: [
      {
        file: SETTLEMENT,
        find: 'const { condition, nonce, baseEdits, trailOf } = options;',
        replace: 'let { condition, nonce, baseEdits, trailOf } = options;',
      },
      {
        file: SETTLEMENT,
        find: "if (verdict !== 'again') return",
        replace: `if (verdict === 'refused' && settlement.afterUnknown) {
        condition = { match: current.etag };
        continue;
      }
      if (verdict !== 'again') return`,
      },
    ],
  },
  {
    name: 'draws-one-nonce-for-all-edits',
    invariant: 'P1',
    breaks: 'every edit has the same nonce, so that each takes those of others for its own',
    patches: [
      { file: TRAIL, find: 'return toHex(random.bytes(NONCE_BYTES));', replace: "return '0'.repeat(2 * NONCE_BYTES);" },
      {
        file: TRAIL,
        find: "assert(!trail.nonces.includes(nonce), 'every edit draws a nonce of its own');",
        replace: '',
      },
    ],
  },
  {
    name: 'keeps-the-nonce-of-the-last-edit-only',
    invariant: 'P1',
    breaks: 'an edit that another one followed is taken for not applied, because its nonce is gone',
    setting: 'cut-after-claims',
    patches: [
      { file: TRAIL, find: '.slice(0, TRAIL_NONCES)', replace: '.slice(0, 1)' },
      {
        file: TRAIL,
        find: 'assert(trail.nonces.length === Math.min(trail.edits, TRAIL_NONCES), ',
        replace: 'assert(true, ',
      },
      { file: TRAIL, find: 'if (count !== Math.min(edits, TRAIL_NONCES))', replace: 'if (false)' },
    ],
  },
];
