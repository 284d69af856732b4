import { METERS, type MeterMicros } from '@leasehold/billing';

import { costParts } from './cost-parts.js';
import { CostTooLargeError, type CostQuestion, type CostReckoning, type CostRow } from './cost-question.js';
import { reckonCost } from './cost-reckoning.js';
import type { PrismaClient } from '../generated/client.js';
import type { UsagePlace, UsageQuestion } from '../usage-question.js';
import { UsageReport } from '../usage-report.js';
import { MAX_STEP_ROWS } from '../usage-steps.js';
import { stepBegin, stepBehind } from '../usage-window.js';

/** Pages of usage for one page of costs. One that has not enough rows by then ends with a step. */
const MAX_USAGE_PAGES = 4;
/** Hours of databases in one look, fewer than where usage is told: here many looks follow each other, and none may take ten seconds. */
const MAX_DATABASE_HOURS = 25_000;
/** Steps that stay in memory, for who goes on with them page by page, and rows of each: some 30 MB. */
const MAX_KEPT_STEPS = 4;
const MAX_KEPT_ROWS = 20_000;

export interface CostPage {
  readonly rows: readonly CostRow[];
  /** Where there may be more; undefined: there is none. */
  readonly next: UsagePlace | undefined;
}

/** What a step cost, whole; or no rows: nothing cost anything until `reached`. */
export interface CostStep {
  /** By place. */
  readonly rows: readonly CostRow[];
  /** Before this time everything is told. */
  readonly reached: number;
}

/**
 * What a month of an organization cost, by time and by what used it (docs/billing.md). What each hour cost is reckoned once, by the code of invoices; what a step of hours cost is split among the
 * databases, keys or labels that used something in it. So rows add up to the lines of the invoice, to the millionth of the smallest unit, however they are
 * grouped, also where usage came in since the reckoning.
 */
export class CostReport {
  private readonly usage: UsageReport;
  /** The last whole steps of which somebody read a part, the latest last. */
  private kept: readonly KeptStep[] = [];

  /** @param maxStepRows of one step, in memory at once: a month has all that any of its days has */
  constructor(
    private readonly prisma: PrismaClient,
    private readonly maxStepRows = MAX_STEP_ROWS,
  ) {
    this.usage = new UsageReport(prisma, MAX_DATABASE_HOURS);
  }

  /** What a month comes to by now. @param time in the month; ms since the Unix epoch */
  reckon(organizationId: string, time: number): Promise<CostReckoning> {
    return reckonCost(this.prisma, organizationId, time);
  }

  /** The next rows: `limit` of them, or fewer where they took too many looks, though there are more. @throws CostTooLargeError */
  async page(reckoning: CostReckoning, question: CostQuestion, limit: number): Promise<CostPage> {
    const rows: CostRow[] = [];
    const counted = new CountedUsage(this.usage);
    for await (const step of this.stepsOn(counted, reckoning, question)) {
      rows.push(...rowsBehind(step, question).slice(0, limit + 1));
      if (rows.length > limit) {
        this.keep(reckoning, question, step);
        const told = rows.slice(0, limit);
        return { rows: told, next: told.at(-1) };
      }
      // Where a plan ends inside of a step, one that goes on would have to begin with the step.
      const isWhole = step.reached === stepBegin(question.step, step.reached) && step.reached < reckoning.period.to;
      if (isWhole && counted.pages >= MAX_USAGE_PAGES)
        return { rows, next: { from: new Date(step.reached), place: undefined } };
    }
    return { rows, next: undefined };
  }

  /** Whole steps, the first being that of the place of the question, from what is kept where it is there. */
  private async *stepsOn(
    usage: Pick<UsageReport, 'page' | 'rows'>,
    reckoning: CostReckoning,
    question: CostQuestion,
  ): AsyncGenerator<CostStep, void, void> {
    const { after } = question;
    const kept = this.kept.find((one) => isOf(one, reckoning, question) && one.from === after?.from.getTime());
    if (kept === undefined) {
      yield* costSteps(usage, reckoning, question, this.maxStepRows);
      return;
    }
    const { reached } = kept.step;
    yield kept.step;
    if (reached >= reckoning.period.to) return;
    const rest = { ...question, after: { from: new Date(reached), place: undefined } };
    yield* costSteps(usage, reckoning, rest, this.maxStepRows);
  }

  private keep(reckoning: CostReckoning, question: CostQuestion, step: CostStep): void {
    const [first] = step.rows;
    if (first === undefined || step.rows.length > MAX_KEPT_ROWS) return;
    const others = this.kept.filter((one) => !isOf(one, reckoning, question));
    const kept = { reckoning, name: nameOf(question), from: first.from.getTime(), step };
    this.kept = [...others, kept].slice(-MAX_KEPT_STEPS);
  }

  /** What databases are called, also those that are purged, by id. */
  async databases(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly name: string; readonly deletedAt: Date | null }>> {
    const found = await this.prisma.databaseOwner.findMany({ where: { databaseId: { in: [...ids] } } });
    return new Map(found.map(({ databaseId, name, deletedAt }) => [databaseId, { name, deletedAt }]));
  }

  /** What is behind the place of a question, step by step. @throws CostTooLargeError */
  async *steps(reckoning: CostReckoning, question: CostQuestion): AsyncGenerator<CostStep, void, void> {
    for await (const step of costSteps(this.usage, reckoning, question, this.maxStepRows)) {
      yield { ...step, rows: rowsBehind(step, question) };
    }
  }
}

interface KeptStep {
  readonly reckoning: CostReckoning;
  /** Of the question, whatever it goes on behind. */
  readonly name: string;
  /** When the step begins. */
  readonly from: number;
  readonly step: CostStep;
}

function isOf(kept: KeptStep, reckoning: CostReckoning, question: CostQuestion): boolean {
  return kept.reckoning === reckoning && kept.name === nameOf(question);
}

function nameOf({ step, group, databaseId, meter }: CostQuestion): string {
  return JSON.stringify([step, group, databaseId, meter]);
}

/** Tells how many pages of usage somebody has read. */
class CountedUsage {
  pages = 0;

  constructor(private readonly usage: UsageReport) {}

  page(organizationId: string, question: UsageQuestion) {
    this.pages += 1;
    return this.usage.page(organizationId, question);
  }

  rows(organizationId: string, question: UsageQuestion) {
    this.pages += 1;
    return this.usage.rows(organizationId, question);
  }
}

/** From the step of the question's place on, each of them whole. Two plans may hold in one step: what it cost under each of them is told together. @throws CostTooLargeError */
async function* costSteps(
  usage: Pick<UsageReport, 'page' | 'rows'>,
  reckoning: CostReckoning,
  question: CostQuestion,
  maxRows: number,
): AsyncGenerator<CostStep, void, void> {
  const { step } = question;
  let places = new Map<string, CostRow>();
  let begin = reckoning.period.from;
  const told = (reached: number): CostStep => {
    const rows = [...places.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
    places = new Map();
    return { rows, reached };
  };
  for await (const { from, rows, reached } of costParts(usage, reckoning, question)) {
    if (from !== begin && places.size > 0) yield told(from);
    begin = from;
    for (const row of rows) {
      const known = places.get(row.place);
      places.set(row.place, known ? { ...row, cost: sumOf(known.cost, row.cost) } : row);
    }
    if (places.size > maxRows) throw new CostTooLargeError(step, question.group);
    // Without rows it may be a part of a step as well: who goes on there begins with the step.
    if (places.size === 0 || reached >= stepBehind(step, from, 1)) yield told(reached);
  }
  if (places.size > 0) yield told(reckoning.period.to);
}

/** Of a step, what is behind the place of a question. */
function rowsBehind({ rows }: CostStep, { after }: CostQuestion): readonly CostRow[] {
  return after === undefined ? rows : rows.filter((row) => isBehind(row, after));
}

function isBehind({ from, place }: CostRow, after: UsagePlace): boolean {
  if (after.place === undefined) return true;
  return from.getTime() === after.from.getTime() ? place > after.place : from > after.from;
}

function sumOf(one: MeterMicros, other: MeterMicros): MeterMicros {
  const sum = { ...one };
  for (const meter of METERS) sum[meter] += other[meter];
  return sum;
}
