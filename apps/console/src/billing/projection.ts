import type { Schemas } from '../api/control.js';

/** Of a draft, as the API tells it. */
export type DraftLine = Schemas['InvoiceLinePage']['lines'][number];

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/**
 * What a month comes to if it goes on as until now.
 * @param soFar amount of the month until `now`
 * @param from beginning of the month
 * @param to its end
 */
export function projected(soFar: number, from: Date, to: Date, now: Date): number {
  return Math.round(soFar * growthOf({ from, to }, now));
}

/**
 * What the invoice of a month comes to if usage goes on as until now: units grow with the time, those that are included stay free, and a fee and what
 * came late of other months stay as they are.
 *
 * @param total of the draft
 * @param lines of the draft; what is on none of them does not grow
 * @param includedOf units of a whole month that are free under the plan of a line of a meter
 */
export function projectedInvoice(
  total: number,
  lines: readonly DraftLine[],
  includedOf: (line: DraftLine) => number,
  month: Span,
  now: Date,
): number {
  const own = lines.filter(({ periodFrom }) => Date.parse(periodFrom) === month.from.getTime());
  const begins = [...new Set(own.map(({ from }) => from))];
  return begins.reduce((sum, begin) => {
    const segment = own.filter(({ from }) => from === begin);
    const held = segment.reduce((all, { amount }) => all + amount, 0);
    return sum - held + segmentsEnd(segment, held, includedOf, month, now);
  }, total);
}

/** What the time in which one version of a plan holds comes to. */
function segmentsEnd(
  lines: readonly DraftLine[],
  held: number,
  includedOf: (line: DraftLine) => number,
  month: Span,
  now: Date,
): number {
  const used = lines.reduce((sum, line) => {
    if (line.kind === 'minimum') return sum;
    return sum + (line.kind === 'fee' ? line.amount : metersEnd(line, includedOf(line), month, now));
  }, 0);
  // What was missing to the minimum is used up first.
  return lines.some(({ kind }) => kind === 'minimum') ? Math.max(used, held) : used;
}

function metersEnd(line: DraftLine, included: number, month: Span, now: Date): number {
  const span = { from: new Date(line.from), to: new Date(line.to) };
  const growth = growthOf(span, now);
  if (growth === 1) return line.amount;
  const quantity = Number(line.quantity) * growth;
  const free = (included * lengthMs(span)) / lengthMs(month);
  return Math.round((Math.max(0, quantity - free) * line.price.amount) / Number(line.price.per));
}

/** How many times as much the end of a time sees as now. */
function growthOf({ from, to }: Span, now: Date): number {
  const passedMs = Math.min(now.getTime(), to.getTime()) - from.getTime();
  return passedMs <= 0 ? 1 : lengthMs({ from, to }) / passedMs;
}

function lengthMs({ from, to }: Span): number {
  return to.getTime() - from.getTime();
}
