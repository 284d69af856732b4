import type { DatabaseHistory, History, Violation } from '../history/history.js';
import type { Course, JudgeSettings } from './course/course.js';
import { courseOf } from './course/course.js';
import { bank } from './rules/bank.js';
import { foreignBytes } from './rules/foreign-bytes.js';
import { linearizability } from './rules/linearizability.js';
import { listAppend } from './rules/list-append.js';
import { metering } from './rules/metering.js';
import { oneWriter } from './rules/one-writer.js';
import { repetitions } from './rules/repetitions.js';
import { strictSerializability } from './rules/strict-serializability.js';
import { tallies } from './rules/tallies.js';
import { uniqueVersions } from './rules/unique-versions.js';

/** One fault may have many consequences; the first of each rule and database are enough to find it. */
const VIOLATIONS_PER_RULE = 20;

const RULES = {
  'strict-serializability': strictSerializability,
  bank,
  'list-append': listAppend,
  tallies,
  repetitions,
  'unique-versions': uniqueVersions,
  'one-writer': oneWriter,
  'foreign-bytes': foreignBytes,
  metering,
} as const satisfies Record<string, (course: Course) => readonly string[]>;

export type RuleName = keyof typeof RULES | 'linearizability';

export interface Judgement {
  readonly violations: readonly Violation[];
  /** Keys of which it was not found out in time whether they are linearizable; in ordinary runs there are none. */
  readonly undecided: number;
}

/** Judges what clients and logs tell of a run by every rule; each database for itself. */
export function judge(history: History, settings: JudgeSettings): Judgement {
  const judgements = history.databases.map((database) => judgeDatabase(database, settings));
  return {
    violations: judgements.flatMap(({ violations }) => violations),
    undecided: judgements.reduce((sum, { undecided }) => sum + undecided, 0),
  };
}

function judgeDatabase(database: DatabaseHistory, settings: JudgeSettings): Judgement {
  const violationsOf = (rule: RuleName, faults: readonly string[]): Violation[] =>
    faults.slice(0, VIOLATIONS_PER_RULE).map((what) => ({ rule, database: database.number, what }));
  const { faults, undecided } = linearizability(database);
  const course = courseOf(database, settings);
  const others = Object.entries(RULES).flatMap(([rule, faultsOf]) =>
    violationsOf(rule as keyof typeof RULES, faultsOf(course)),
  );
  return { violations: [...violationsOf('linearizability', faults), ...others], undecided: undecided.length };
}
