import {
  METERS,
  share,
  splitCost,
  type Meter,
  type MeterMicros,
  type MeterQuantities,
  type Period,
} from '@leasehold/billing';

import type { CostQuestion, CostReckoning, CostRow } from './cost-question.js';
import type { UsageRow, UsageStep } from '../usage-question.js';
import type { UsageReport } from '../usage-report.js';
import { usageSteps } from '../usage-steps.js';
import { stepBegin, stepBehind } from '../usage-window.js';

/** What a step cost while one version of a plan held. */
export interface CostPart {
  /** When the step begins. */
  readonly from: number;
  readonly rows: readonly CostRow[];
  /** Before this time everything is told. */
  readonly reached: number;
}

interface UsedPart {
  readonly from: number;
  readonly rows: readonly PartRow[];
  readonly reached: number;
}

/** Who used how much in a part. */
interface PartRow extends Pick<CostRow, 'place' | 'group'> {
  readonly used: MeterQuantities;
}

const NOTHING: MeterQuantities = { readUnits: 0n, writeUnits: 0n, storedByteMs: 0n, egressBytes: 0n };
/** A month is read by days: one statement of a whole month of all databases would be too much. It costs what its days cost. */
const READ_STEP: Readonly<Record<UsageStep, UsageStep>> = { hour: 'hour', day: 'day', month: 'day' };
/** Steps of a month: of its longest by hour, one more. */
const MAX_STEPS = 745;

/**
 * What each step cost under each plan that held in it, by time: what all of it cost is reckoned, and split among its rows. Where only one database is asked for, nobody else's rows are there to
 * split it among: each of its rows is rounded by itself.
 */
export async function* costParts(
  report: Pick<UsageReport, 'page' | 'rows'>,
  reckoning: CostReckoning,
  question: CostQuestion,
): AsyncGenerator<CostPart, void, void> {
  const { after } = question;
  const start = after ? stepBegin(question.step, after.from.getTime()) : reckoning.period.from;
  const read = { ...question, step: READ_STEP[question.step] };
  for (const stretch of reckoning.cost.stretches) {
    const span = { from: Math.max(stretch.from, start), to: stretch.to };
    if (span.from >= span.to) continue;
    for await (const { from: begin, rows, reached } of usedParts(report, reckoning, read, span)) {
      const step = stepBegin(question.step, begin);
      const costs = costsOf(reckoning, question, partOf(read, begin, span), rows);
      const told = rows.flatMap(({ used, ...row }, i) => {
        const isUsed =
          question.meter === undefined ? METERS.some((meter) => used[meter] > 0n) : used[question.meter] > 0n;
        return isUsed ? [{ ...row, from: new Date(step), cost: costs[i] ?? NOTHING }] : [];
      });
      yield { from: step, rows: told, reached };
    }
  }
}

function costsOf(
  { cost }: CostReckoning,
  { databaseId }: CostQuestion,
  part: Period,
  rows: readonly PartRow[],
): readonly MeterMicros[] {
  const [all, total] = [cost.usageOf(part.from, part.to), cost.costOf(part.from, part.to)];
  const parts = rows.map(({ used }) => used);
  if (databaseId === undefined) return splitCost(total, parts);
  // More than all of it is what came in since the reckoning.
  const amountOf = (used: bigint, meter: Meter) =>
    all[meter] === 0n ? 0n : share(total[meter], used < all[meter] ? used : all[meter], all[meter]);
  return parts.map((used) => byMeter((meter) => amountOf(used[meter], meter)));
}

/** The hours of a step that lie in a span. */
function partOf({ step }: CostQuestion, begin: number, span: Period): Period {
  return { from: Math.max(begin, span.from), to: Math.min(stepBehind(step, begin, 1), span.to) };
}

async function* usedParts(
  report: Pick<UsageReport, 'page' | 'rows'>,
  reckoning: CostReckoning,
  question: CostQuestion,
  span: Period,
): AsyncGenerator<UsedPart, void, void> {
  const { step, group, databaseId, meter } = question;
  const usageQuestion = { ...{ step, group, databaseId, meter }, from: new Date(span.from), to: new Date(span.to) };
  const usedSteps = (): ReturnType<typeof usageSteps> => usageSteps(report, reckoning.organizationId, usageQuestion);
  if (group === undefined && databaseId === undefined) {
    for (const [begin, reached] of stepsIn(question, span)) {
      const part = partOf(question, begin, span);
      yield {
        from: begin,
        reached,
        rows: [{ place: '', group: null, used: reckoning.cost.usageOf(part.from, part.to) }],
      };
    }
  } else if (group === 'key') {
    const stored = await storedOf(report, reckoning, question, span);
    let told = span.from;
    for await (const { from, rows, reached } of usedSteps()) {
      // What is stored belongs to no key: it is there also in steps in which no key did anything.
      for (const [begin, end] of stepsIn(question, { from: told, to: reached })) {
        const own = begin === from ? rows.map(partRow) : [];
        yield { from: begin, reached: end, rows: withStored(own, stored(begin)) };
      }
      told = reached;
    }
  } else {
    for await (const { from, rows, reached } of usedSteps()) yield { from, reached, rows: rows.map(partRow) };
  }
}

/** How much was stored in each step. */
async function storedOf(
  report: Pick<UsageReport, 'rows'>,
  { organizationId, cost }: CostReckoning,
  question: CostQuestion,
  span: Period,
): Promise<(begin: number) => bigint> {
  const { step, databaseId, meter } = question;
  if (meter !== undefined && meter !== 'storedByteMs') return () => 0n;
  if (databaseId === undefined) {
    return (begin) => {
      const { from, to } = partOf(question, begin, span);
      return cost.usageOf(from, to).storedByteMs;
    };
  }
  const rows = await report.rows(organizationId, {
    ...{ from: new Date(span.from), to: new Date(span.to), step, databaseId, group: undefined },
    ...{ meter: 'storedByteMs', after: undefined, limit: MAX_STEPS },
  });
  const held = new Map(rows.map(({ from, storedByteMs }) => [from.getTime(), storedByteMs]));
  return (begin) => held.get(begin) ?? 0n;
}

/** With what is stored at what no key did, which is in front. */
function withStored(rows: readonly PartRow[], storedByteMs: bigint): readonly PartRow[] {
  if (storedByteMs === 0n) return rows;
  const [first = undefined, ...others] = rows;
  if (first?.place !== '') return [{ place: '', group: null, used: { ...NOTHING, storedByteMs } }, ...rows];
  return [{ ...first, used: { ...first.used, storedByteMs } }, ...others];
}

/** When the steps that a time touches begin, and how far each reaches in it. */
function* stepsIn({ step }: CostQuestion, { from, to }: Period): Generator<readonly [number, number]> {
  for (let begin = stepBegin(step, from); begin < to; begin = stepBehind(step, begin, 1)) {
    yield [begin, Math.min(stepBehind(step, begin, 1), to)];
  }
}

function partRow({ place, group, readUnits, writeUnits, storedByteMs, egressBytes }: UsageRow): PartRow {
  return { place, group, used: { readUnits, writeUnits, storedByteMs, egressBytes } };
}

function byMeter(of: (meter: Meter) => bigint): MeterMicros {
  return {
    readUnits: of('readUnits'),
    writeUnits: of('writeUnits'),
    storedByteMs: of('storedByteMs'),
    egressBytes: of('egressBytes'),
  };
}
