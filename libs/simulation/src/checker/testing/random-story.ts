import fc from 'fast-check';

import type { CheckText, KeyedEntryText, OperationText } from '../../history/history.js';
import { ACCOUNTS, MONEY, readValue } from '../../history/values.js';
import type { TransactOptions } from './history-builder.js';
import { HistoryBuilder, MS_PER_MOMENT } from './history-builder.js';

const KINDS = [
  ...([
    'put',
    'get',
    'delete',
    'create',
    'swap',
    'pair',
    'count',
    'clear',
    'expire',
    'guard',
    'append',
    'transfer',
  ] as const),
  ...(['snapshot', 'past', 'feed', 'nothing', 'take over', 'repeat', 'get', 'get'] as const),
];
const OUTCOMES = ['acknowledged', 'acknowledged', 'acknowledged', 'lost', 'applied', 'late', 'disclaimed'] as const;

/** One thing that happens; what its numbers mean is for the kind to say. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly outcome: (typeof OUTCOMES)[number];
  readonly a: number;
  readonly b: number;
}

export const stepsOf = (length: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      outcome: fc.constantFrom(...OUTCOMES),
      a: fc.nat({ max: 5 }),
      b: fc.nat({ max: 5 }),
    }),
    { minLength: 5, maxLength: length },
  );

/** Lives through the steps one after another, each answered as it must be. */
export class RandomStory {
  readonly h = new HistoryBuilder();
  private readonly late: (() => void)[] = [];

  constructor(steps: readonly Step[]) {
    for (const step of steps) {
      this.live(step);
      if (step.a === 0) this.late.shift()?.();
    }
  }

  private live(step: Step): void {
    const { h } = this;
    const { kind, a, b } = step;
    const register = `r/${a % 3}`;
    switch (kind) {
      case 'put':
        return this.write((id) => [h.putOf(id, register, { sizeBytes: 600 * b })], step);
      case 'delete':
        return this.write(() => [{ op: 'delete', key: register }], step);
      case 'pair':
        return this.write((id) => [h.putOf(id, 'r/0'), h.putOf(id, 'r/1')], step);
      case 'count':
        return this.write(() => [{ op: 'sum', key: `n/${a % 2}`, operand: BigInt(b) }], step);
      case 'clear':
        return this.clear(step);
      case 'expire':
        return this.write((id) => [h.putOf(id, `e/${a % 3}`, { expiresAt: this.commitMs + 50 * b })], step);
      case 'create':
        return this.conditionally((id) => [h.putOf(id, register)], [{ kind: 'absent', key: register }], step);
      case 'swap':
        return this.conditionally((id) => [h.putOf(id, register)], [this.versionCheck(register, b)], step);
      case 'guard':
        return this.guard(step);
      case 'append':
        return this.append(step);
      case 'transfer':
        return this.transfer(step);
      case 'get':
        return void h.get(['r/0', 'r/1', 'e/0', 'l/0', 'n/0', 'x/1'][a] as string);
      case 'snapshot':
        return void h.snapshot();
      case 'past':
        return void h.snapshot({ at: Math.min(3 * a, h.database.last) });
      case 'feed':
        return void h.feed(Math.min(2 * b, h.database.last));
      case 'nothing':
        return void h.transact(() => []);
      case 'take over':
        return h.takeOver();
      case 'repeat':
        return this.repeat(register);
    }
  }

  /** When the next transaction will have been committed. */
  private get commitMs(): number {
    return (this.h.moment + 2) * MS_PER_MOMENT;
  }

  private write(opsOf: (id: string) => readonly OperationText[], step: Step, checks: readonly CheckText[] = []): void {
    const { h, late } = this;
    const { outcome } = step;
    const answer = outcome === 'acknowledged' || outcome === 'disclaimed' ? outcome : 'unknown';
    const options: TransactOptions = { checks, answer, client: `m${step.b % 2}` };
    const isApplied = outcome === 'acknowledged' || outcome === 'applied';
    const call = h.transact(opsOf, { ...options, isApplied });
    // What its checks have seen may not last.
    if (outcome === 'late' && checks.length === 0) late.push(() => h.land(call));
  }

  /** Checks that hold let it pass, the first that does not refuses it. */
  private conditionally(
    opsOf: (id: string) => readonly OperationText[],
    checks: readonly CheckText[],
    step: Step,
  ): void {
    const { h } = this;
    for (const check of checks) {
      if (check.kind === 'range') continue;
      const entry = this.present(this.commitMs).get(check.key);
      const isSame = check.kind === 'version' && entry?.version.sequence === check.sequence;
      const holds =
        check.kind === 'absent' ? entry === undefined : check.kind === 'present' ? entry !== undefined : isSame;
      if (!holds) return void h.refused(check, entry?.version);
    }
    this.write(opsOf, step, checks);
  }

  private versionCheck(key: string, back: number): CheckText {
    const of = Math.max(0, this.h.database.last - (back % 2));
    const entry = this.present(this.commitMs, of).get(key);
    return { kind: 'version', key, ...(entry?.version ?? { epoch: 1, sequence: 0 }) };
  }

  private clear(step: Step): void {
    const { h } = this;
    const range = { start: `x/${step.a % 3}`, end: step.b % 2 === 0 ? 'x0' : undefined };
    const put = (id: string, key: number) => h.putOf(id, `x/${key % 4}`);
    this.write((id) => [put(id, step.a), { op: 'deleteRange', range: { ...range, end: 'x0' } }, put(id, step.b)], step);
  }

  private guard(step: Step): void {
    const { h } = this;
    const range = step.a % 2 === 0 ? { start: 'e/', end: 'e0' } : { start: 'x/', end: 'x0' };
    const since = Math.max(0, h.database.last - step.b);
    const check: CheckText = { kind: 'range', range, since };
    const touching = h.database.commits.slice(since).find(({ entries, rangeDeletes }) => {
      const isIn = entries.some(({ key }) => key.startsWith(range.start));
      return isIn || (rangeDeletes.length > 0 && range.start === 'x/');
    });
    if (touching !== undefined) return void h.refused(check, touching.version);
    const seenByMs = h.database.commits[since - 1]?.committedAt ?? 0;
    const expired = [...h.expiring()].filter(([key, at]) => key.startsWith(range.start) && at > seenByMs);
    const gone = expired.filter(([, at]) => at <= h.nowMs).map(([key]) => key);
    if (gone.length > 0) return void h.refused(check, h.expire(...gone));
    // What expires only just now is left to the next one who looks.
    if (expired.some(([, at]) => at <= this.commitMs)) return;
    this.write((id) => [h.putOf(id, 'r/2')], step, [check]);
  }

  private append(step: Step): void {
    const entry = this.present(this.commitMs).get('l/0');
    const items = entry === undefined ? [] : [readValue(this.h.tag, entry.value)?.content];
    const check: CheckText =
      entry === undefined ? { kind: 'absent', key: 'l/0' } : { kind: 'version', key: 'l/0', ...entry.version };
    this.conditionally((id) => [this.h.putOf(id, 'l/0', { content: [...items, id].join() })], [check], step);
  }

  private transfer(step: Step): void {
    const { h } = this;
    const present = this.present(this.commitMs);
    const entries = ACCOUNTS.map((key) => present.get(key));
    const balanceOf = (entry: KeyedEntryText | undefined) => Number(readValue(h.tag, entry?.value ?? '')?.content);
    if (entries.includes(undefined)) {
      const content = String(MONEY / BigInt(ACCOUNTS.length));
      const checks = ACCOUNTS.map((key): CheckText => ({ kind: 'absent', key }));
      return this.conditionally((id) => ACCOUNTS.map((key) => h.putOf(id, key, { content })), checks, step);
    }
    const moved = [0, 1].map((by) => entries[(step.a + by) % ACCOUNTS.length] as KeyedEntryText);
    const checks = moved.map(({ key, version }): CheckText => ({ kind: 'version', key, ...version }));
    const amounts = [step.b, -step.b];
    this.conditionally(
      (id) =>
        moved.map((entry, i) => h.putOf(id, entry.key, { content: String(balanceOf(entry) + (amounts[i] ?? 0)) })),
      checks,
      step,
    );
  }

  /** Sent twice under one key: the second answer tells of the first attempt. */
  private repeat(key: string): void {
    const { h } = this;
    const call = h.put(key, { keyed: true, answer: 'unknown', isApplied: true });
    const version = h.versionOf(h.database.last);
    h.put('x/0');
    call.answer = { kind: 'committed', version, effect: 'repeated' };
    call.endedAt = ++h.moment;
    call.endedMs = call.endedAt * MS_PER_MOMENT;
  }

  private present(nowMs: number, of = this.h.database.last): ReadonlyMap<string, KeyedEntryText> {
    return new Map(this.h.database.entriesAt(of, nowMs).map((entry) => [entry.key, entry]));
  }
}
