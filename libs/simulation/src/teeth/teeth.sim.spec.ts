import { describe, expect, it } from '@jest/globals';

import { runSeed } from '../run/run-seed.js';
import { brokenSources } from './broken-sources.js';
import type { VariantRun } from './run-variant.js';
import { runVariant } from './run-variant.js';
import type { SettingName } from './settings.js';
import { SETTINGS } from './settings.js';
import type { Variant } from './variant.js';
import { INVARIANTS } from './variant.js';
import { VARIANTS } from './variants.js';
import { OUT_OF_REACH } from './variants/out-of-reach.js';

/**
 * The seed in which a variant was caught when somebody last looked; 1 unless named. A run from there on is short. Where the code has moved
 * on, it takes some seeds more, up to {@link SEEDS}.
 */
const CAUGHT_IN: Readonly<Record<string, number>> = {};

const SEEDS = 40;
const LIMIT_MS = 600_000;
const TRACE_JUDGE = 'libs/simulation/src/teeth/testing/trace-judge.ts';

const runs = new Map<Variant, Promise<VariantRun>>();

function runOf(variant: Variant): Promise<VariantRun> {
  const known = runs.get(variant);
  if (known !== undefined) return known;
  const run = runVariant(variant, { from: CAUGHT_IN[variant.name] ?? 1, seeds: SEEDS, limitMs: LIMIT_MS });
  runs.set(variant, run);
  // Its own test hears of it.
  run.catch(() => undefined);
  return run;
}

/** Two processes at a time: the one that is waited for, and the next one's. */
function runBesideTheNext(variant: Variant): Promise<VariantRun> {
  const next = VARIANTS[VARIANTS.indexOf(variant) + 1];
  const run = runOf(variant);
  if (next !== undefined) void runOf(next);
  return run;
}

describe.each(INVARIANTS.map((invariant) => ({ invariant })))('a variant of $invariant', ({ invariant }) => {
  it.each(VARIANTS.filter((variant) => variant.invariant === invariant))(
    'is caught when $breaks ($name)',
    async (variant) => {
      const run = await runBesideTheNext(variant);
      expect(run).toMatchObject({ caughtBy: { rule: expect.any(String) } });
    },
    2 * LIMIT_MS,
  );
});

describe('what variants are run in', () => {
  it.each(Object.keys(SETTINGS) as SettingName[])(
    'does no harm to the code as it is: %s',
    async (setting) => {
      const variant = VARIANTS.find((candidate) => candidate.setting === setting);
      if (variant === undefined) throw new Error('a setting that no variant is run in');
      const { caughtBy: { seed = 1 } = {} } = await runOf(variant);
      const run = await runVariant(
        { name: setting, patches: [], setting },
        { from: seed, seeds: 1, limitMs: LIMIT_MS },
      );
      expect(run).toMatchObject({ caughtBy: undefined, seedsTaken: 1, crashedSeeds: 0 });
    },
    2 * LIMIT_MS,
  );

  it.each(VARIANTS.filter(({ eases }) => eases !== undefined))(
    'does no harm to the code as it is: the eases of $name',
    async (variant) => {
      const { caughtBy: { seed = 1 } = {} } = await runOf(variant);
      const run = await runVariant({ ...variant, patches: [] }, { from: seed, seeds: 1, limitMs: LIMIT_MS });
      expect(run).toMatchObject({ caughtBy: undefined, seedsTaken: 1, crashedSeeds: 0 });
    },
    2 * LIMIT_MS,
  );

  it(
    'changes nothing where nothing is patched',
    async () => {
      const { traceHash } = await runSeed(2);
      const { caughtBy } = await runVariant({ name: 'none', patches: [] }, { from: 2, seeds: 1, judge: TRACE_JUDGE });
      expect(caughtBy).toEqual({ seed: 2, rule: 'trace', what: traceHash });
    },
    LIMIT_MS,
  );
});

describe('the variants', () => {
  it('have names of their own', () => {
    const names = [...VARIANTS, ...OUT_OF_REACH].map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(Object.keys(CAUGHT_IN).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('break every invariant', () => {
    const broken = new Set(VARIANTS.map(({ invariant }) => invariant));
    expect(INVARIANTS.filter((invariant) => !broken.has(invariant))).toEqual([]);
  });

  it.each(OUT_OF_REACH)('follow the code where no run gives them away yet: $name', async (variant) => {
    expect((await brokenSources(variant)).size).toBeGreaterThan(0);
  });
});
