import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Answer, Call, CommitText, DatabaseHistory, History } from '../history/history.js';
import { judge } from './judge.js';
import { brokenRules, violationsOf } from './testing/broken-rules.js';
import { HistoryBuilder, MS_PER_MOMENT } from './testing/history-builder.js';
import type { Step } from './testing/random-story.js';
import { RandomStory, stepsOf } from './testing/random-story.js';

const RUNS = { seed: 1, numRuns: 300 };
const LIE_RUNS = { seed: 1, numRuns: 100 };

/** Calls that took longer than they had to, so that they are beside each other. */
function stretched({ databases }: History, by: readonly (readonly [number, number])[]): History {
  const stretch = (call: Call, i: number): Call => {
    const [before, after] = by[i % by.length] ?? [0, 0];
    const [begunAt, endedAt] = [call.begunAt - before, call.endedAt + after];
    return { ...call, begunAt, endedAt, begunMs: begunAt * MS_PER_MOMENT, endedMs: endedAt * MS_PER_MOMENT };
  };
  return { databases: databases.map((database) => ({ ...database, calls: database.calls.map(stretch) })) };
}

/** Of the first database, with something else in place of one part of it. */
function altered<T>(
  history: History,
  at: number,
  alter: (database: DatabaseHistory, place: number) => T | undefined,
): T | undefined {
  const [database] = history.databases;
  return database === undefined ? undefined : alter(database, at);
}

/** The `at`th call for which `change` knows a lie, with that lie for an answer. */
function lied(history: History, at: number, change: (call: Call) => Answer | undefined): History | undefined {
  return altered(history, at, (database, place) => {
    const lies = database.calls.flatMap((call, i) => {
      const answer = change(call);
      return answer === undefined ? [] : [{ i, answer }];
    });
    const lie = lies[place % lies.length];
    if (lie === undefined) return undefined;
    const calls = database.calls.map((call, i) => (i === lie.i ? { ...call, answer: lie.answer } : call));
    return { databases: [{ ...database, calls }] };
  });
}

/** Lies of which each is found in whatever history of acknowledged calls, one after another. */
const LIES: Readonly<Record<string, (history: History, at: number) => History | undefined>> = {
  'a value is another': (history, at) =>
    lied(history, at, ({ answer }) => {
      if (answer.kind !== 'entry' || answer.entry === undefined) return undefined;
      const { value, version } = answer.entry;
      return { kind: 'entry', entry: { version, value: `${value.slice(0, -1)}#` } };
    }),
  'a value is not there': (history, at) =>
    lied(history, at, ({ request, answer }) => {
      const isThere = answer.kind === 'entry' && answer.entry !== undefined;
      return isThere && request.kind === 'get' && !request.key.startsWith('e/')
        ? { kind: 'entry', entry: undefined }
        : undefined;
    }),
  'a snapshot leaves something out': (history, at) =>
    lied(history, at, ({ answer }) => {
      if (answer.kind !== 'snapshot') return undefined;
      const entries = answer.entries.filter(({ key }) => key.startsWith('e/') || key !== answer.entries[0]?.key);
      return entries.length === answer.entries.length ? undefined : { ...answer, entries };
    }),
  'a snapshot is of another version': (history, at) =>
    lied(history, at, ({ answer, request }) => {
      if (answer.kind !== 'snapshot' || request.kind !== 'snapshot' || answer.version.sequence === 0) return undefined;
      const { epoch, sequence } = answer.version;
      return { ...answer, version: { epoch, sequence: sequence - 1 } };
    }),
  'what was disclaimed is acknowledged': (history, at) =>
    lied(history, at, ({ answer }) =>
      answer.kind === 'refused'
        ? { kind: 'committed', version: { epoch: 1, sequence: 1 }, effect: 'committed' }
        : undefined,
    ),
  'what is there is disclaimed': (history, at) =>
    lied(history, at, ({ answer, request }) => {
      const isApplied = answer.kind === 'committed' && request.kind === 'transact' && request.ops.length > 0;
      return isApplied ? { kind: 'disclaimed', code: 'owner-unavailable' } : undefined;
    }),
  'a version is another': (history, at) =>
    lied(history, at, ({ answer }) => {
      if (answer.kind !== 'committed') return undefined;
      const { epoch, sequence } = answer.version;
      return { ...answer, version: { epoch, sequence: sequence + 1 } };
    }),
  'a refusal shows another version': (history, at) =>
    lied(history, at, ({ answer }) =>
      answer.kind === 'refused' && answer.present !== undefined
        ? { ...answer, present: { ...answer.present, epoch: answer.present.epoch + 9 } }
        : undefined,
    ),
  'a feed repeats': (history, at) =>
    lied(history, at, ({ answer }) => {
      const [first] = answer.kind === 'feed' ? answer.commits : [];
      return answer.kind === 'feed' && first ? { ...answer, commits: [first, ...answer.commits] } : undefined;
    }),
  'a commit is lost': (history, at) => recommitted(history, at, () => []),
  'a commit is there twice': (history, at) => recommitted(history, at, (commit) => [commit, commit]),
  'a commit has lost a part': (history, at) =>
    recommitted(history, at, (commit) => [{ ...commit, entries: commit.entries.slice(1) }]),
  'a unit is missing': (history) =>
    altered(history, 0, (database) => {
      const { usage } = database;
      return usage && { databases: [{ ...database, usage: { ...usage, writeUnits: usage.writeUnits - 1 } }] };
    }),
};

/** With something else instead of one commit; all after it move up or down. */
function recommitted(
  history: History,
  at: number,
  change: (commit: CommitText) => readonly CommitText[],
): History | undefined {
  return altered(history, at, (database, place) => {
    const { commits = [] } = database;
    const lost = commits[place % commits.length];
    if (lost === undefined || lost.entries.length === 0) return undefined;
    const changed = commits
      .flatMap((commit) => (commit === lost ? change(commit) : [commit]))
      .map((commit, i) => ({ ...commit, version: { ...commit.version, sequence: i + 1 } }));
    return { databases: [{ ...database, commits: changed }] };
  });
}

describe('a judge', () => {
  it('finds nothing in what went right, whatever was beside what and remained unknown', () => {
    const stretches = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(stepsOf(60), stretches, fc.boolean(), (steps, by, isKnown) => {
        const { h } = new RandomStory(steps);
        if (!isKnown) h.commits = undefined;
        expect(violationsOf(stretched(h.history(), by))).toEqual([]);
      }),
      RUNS,
    );
  });

  describe.each(Object.keys(LIES))('finds out that %s', (name) => {
    it('wherever it is', () => {
      let told = 0;
      fc.assert(
        fc.property(stepsOf(60), fc.nat({ max: 99 }), (steps, at) => {
          const { h } = new RandomStory(steps.map((step): Step => ({ ...step, outcome: 'acknowledged' })));
          const lie = LIES[name]?.(h.history(), at);
          if (lie === undefined) return;
          told += 1;
          expect(brokenRules(lie)).not.toEqual([]);
        }),
        LIE_RUNS,
      );
      expect(told).toBeGreaterThan(20);
    });
  });

  it('judges each database for itself, and says which', () => {
    const [good, bad] = [new HistoryBuilder(), new HistoryBuilder()];
    good.put('x/0');
    bad.put('x/0');
    bad.get('x/0', {}, 0);
    const databases = [good, bad].map((h, number) => ({ ...h.history().databases[0]!, number }));
    const { violations, undecided } = judge({ databases }, { clockSkewMs: 0 });
    expect(undecided).toBe(0);
    expect(violations.map(({ rule, database }) => [rule, database])).toEqual([['strict-serializability', 1]]);
  });

  it('does not go on for ever about one rule', () => {
    const h = new HistoryBuilder();
    for (let i = 0; i < 100; i++) h.put('x/0');
    h.commits = [];
    const { violations } = judge(h.history(), { clockSkewMs: 0 });
    expect(violations.filter(({ rule }) => rule === 'strict-serializability')).toHaveLength(20);
  });
});
