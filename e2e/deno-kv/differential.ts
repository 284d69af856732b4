import { isDeepStrictEqual } from 'node:util';

import type { KvListIterator, KvListOptions } from '@deno/kv';
import type { Random } from '@leasehold/foundation';

import type { KvOperation } from './kv-operations.js';
import { KvOperations } from './kv-operations.js';
import { EndlessCallError, KvSide } from './kv-side.js';

const CALL_TIMEOUT_MS = 60_000;
/** More than there are keys. */
const MAX_LISTED = 5_000;

export interface DifferentialResult {
  readonly operations: number;
  /** How many there were of each, and how they ended. */
  readonly byOutcome: Readonly<Record<string, number>>;
  /** What one side answered and the other did not; at most {@link MAX_DIFFERENCES} of them are kept. */
  readonly differences: readonly string[];
}

export const MAX_DIFFERENCES = 10;

/** Makes the same calls of both sides, one after another, and compares what they are answered. */
export async function compareSides(
  sides: readonly [KvSide, KvSide],
  random: Random,
  operations: number,
): Promise<DifferentialResult> {
  const drawn = new KvOperations(random);
  const byOutcome: Record<string, number> = {};
  const differences: string[] = [];
  let commits = 0;
  for (let n = 0; n < operations && differences.length < MAX_DIFFERENCES; n++) {
    const operation = drawn.next(commits);
    const [one, other] = await Promise.all(sides.map((side) => outcomeOf(side, operation, commits)));
    if (one === undefined || other === undefined) throw new Error('there are two sides');
    if (one.committed === true || other.committed === true) commits++;
    const name = `${operation.kind} ${one.kind}`;
    byOutcome[name] = (byOutcome[name] ?? 0) + 1;
    if (one.kind === other.kind && isDeepStrictEqual(one.answer, other.answer)) continue;
    const shown = [one, other].map((outcome, i) => `${sides[i]?.name ?? ''}: ${text(outcome)}`);
    differences.push(`operation ${n}: ${text(operation)}\n${shown.join('\n')}`);
  }
  return { operations, byOutcome, differences };
}

interface Outcome {
  readonly kind: 'answered' | 'refused' | 'endless';
  readonly answer: unknown;
  readonly committed?: boolean;
  /** Not compared. */
  readonly error?: string;
}

async function outcomeOf(side: KvSide, operation: KvOperation, commits: number): Promise<Outcome> {
  side.begin();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CALL_TIMEOUT_MS} ms`)), CALL_TIMEOUT_MS);
  });
  try {
    return await Promise.race([perform(side, operation, commits), late]);
  } catch (error) {
    return { kind: error instanceof EndlessCallError ? 'endless' : 'refused', answer: undefined, error: String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function perform(side: KvSide, operation: KvOperation, commits: number): Promise<Outcome> {
  const { kv } = side;
  switch (operation.kind) {
    case 'get':
      return answered(side.show(await kv.get(operation.key)));
    case 'getMany': {
      const entries = await kv.getMany([...operation.keys]);
      return answered(entries.map((entry) => side.show(entry)));
    }
    case 'set': {
      const { key, value, expireIn } = operation;
      return committed(side, commits, await kv.set(key, value, expireIn === undefined ? {} : { expireIn }));
    }
    case 'delete':
      // It does not say at which versionstamp: nothing that exists has it.
      return answered(await kv.delete(operation.key));
    case 'atomic': {
      const { checks, mutations } = operation;
      const tx = kv
        .atomic()
        .check(
          ...checks.map(({ key, commit }) => ({ key, versionstamp: commit === null ? null : side.stampOf(commit) })),
        )
        .mutate(...(mutations as Parameters<ReturnType<typeof kv.atomic>['mutate']>));
      const result = await tx.commit();
      return result.ok ? committed(side, commits, result) : answered('check failed');
    }
    case 'list':
      return answered(await listed(side, operation));
  }
}

async function listed(
  side: KvSide,
  { selector, options, resumeAfter }: KvOperation & { kind: 'list' },
): Promise<unknown> {
  const first = await entriesOf(side, side.kv.list(selector, options), resumeAfter ?? MAX_LISTED);
  if (resumeAfter === undefined || first.entries.length < resumeAfter) return first;
  const { cursor } = first;
  const rest: KvListOptions = { ...options, cursor };
  return [first, await entriesOf(side, side.kv.list(selector, rest), MAX_LISTED)];
}

async function entriesOf(side: KvSide, list: KvListIterator<unknown>, most: number) {
  const entries: unknown[] = [];
  while (entries.length < most) {
    const { done, value } = await list.next();
    if (done === true) break;
    entries.push(side.show(value));
  }
  return { entries, cursor: entries.length === 0 ? '' : list.cursor };
}

function committed(side: KvSide, commits: number, { versionstamp }: { readonly versionstamp: string }): Outcome {
  const known = side.commitOf(versionstamp);
  side.committed(commits, versionstamp);
  return { kind: 'answered', answer: { isNew: known === undefined }, committed: true };
}

function answered(answer: unknown): Outcome {
  return { kind: 'answered', answer };
}

function text(value: unknown): string {
  const shown = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part instanceof Uint8Array) return `bytes ${Buffer.from(part).toString('hex').slice(0, 80)}`;
    if (part instanceof Map || part instanceof Set) return [...part];
    if (typeof part === 'string' && part.length > 60) return `${part.slice(0, 60)}…`;
    return part === undefined ? 'undefined' : part;
  });
  return shown.slice(0, 1_500);
}
