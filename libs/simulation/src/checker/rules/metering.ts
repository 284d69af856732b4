import type { UsageText } from '../../history/history.js';
import { acknowledgedAt, isDenied, isTransaction } from '../course/calls.js';
import type { Course, KnownCourse } from '../course/course.js';
import type { Cost } from '../model/cost.js';
import { costOf, NO_COST, sumOf } from '../model/cost.js';

/** Each may have been paid for or not, and so doubles what may be right. */
const MAX_DOUBTFUL = 12;

/** What is counted is what was done: the commits, and for each what its transaction asked for. Deletes of what had expired are free. */
export function metering({ database, known }: Course): readonly string[] {
  const { usage, commits } = database;
  if (usage === undefined) return [];
  if (known === undefined || commits === undefined)
    return faultsOfBounds(database.calls.filter(isTransaction), database.tag, usage);
  const faults: string[] = [];
  if (usage.commits !== commits.length)
    faults.push(`${usage.commits} commits are counted, and there are ${commits.length}`);
  const possible = possibleCosts(known, database.tag);
  if (possible !== undefined && !possible.some((cost) => isSame(cost, usage)))
    faults.push(`counted are ${wordsOf(usage)}, and done were ${possible.map(wordsOf).join(' or ')}`);
  return faults;
}

/** Where not every commit is known: at least what was acknowledged, at most what may have been applied. */
function faultsOfBounds(
  transactions: readonly Parameters<typeof acknowledgedAt>[0][],
  tag: string,
  usage: UsageText,
): readonly string[] {
  const total = (calls: typeof transactions): Cost =>
    calls.map(({ request }) => costOf(request.ops, tag)).reduce(sumOf, NO_COST);
  const acknowledged = transactions.filter((call) => acknowledgedAt(call) !== undefined);
  const least = total(acknowledged);
  const most = total(transactions.filter((call) => !isDenied(call)));
  const isLess = (a: Cost, b: Cost): boolean => a.writeUnits < b.writeUnits || a.writtenBytes < b.writtenBytes;
  if (!isLess(usage, least) && !isLess(most, usage) && usage.commits >= acknowledged.length) return [];
  const commits = `${usage.commits} commits, of which ${acknowledged.length} were acknowledged`;
  return [`counted are ${wordsOf(usage)} for ${commits}, and done were ${wordsOf(least)} to ${wordsOf(most)}`];
}

/** Undefined: too much is doubtful. */
function possibleCosts({ authors }: KnownCourse, tag: string): readonly Cost[] | undefined {
  if (authors.doubtful.size > MAX_DOUBTFUL) return undefined;
  let certain = NO_COST;
  for (const { request } of authors.of.values()) certain = sumOf(certain, costOf(request.ops, tag));
  let possible: Cost[] = [certain];
  for (const { request } of authors.doubtful.values()) {
    const cost = costOf(request.ops, tag);
    for (const other of possible.map((sum) => sumOf(sum, cost)))
      if (!possible.some((known) => isSame(known, other))) possible = [...possible, other];
  }
  return possible;
}

function isSame(a: Cost, b: Cost): boolean {
  return a.writeUnits === b.writeUnits && a.writtenBytes === b.writtenBytes;
}

function wordsOf({ writeUnits, writtenBytes }: Cost): string {
  return `${writeUnits} units, ${writtenBytes} bytes`;
}
