import { describe, expect, it } from '@jest/globals';

import { runSeed } from '../run/run-seed.js';
import { IS_WHOLE } from '../testing/extent.js';
import { brokenSources } from './broken-sources.js';
import type { VariantRun } from './run-variant.js';
import { runVariant } from './run-variant.js';
import type { SettingName } from './settings.js';
import { SETTINGS } from './settings.js';
import type { Variant } from './variant.js';
import { INVARIANTS } from './variant.js';
import { VARIANTS } from './variants.js';

/**
 * The fixed part: a variant of each invariant, with the seed that gave it away when somebody last looked, so that a run is short. Where the code has moved
 * on it takes some seeds more, up to {@link SEEDS}.
 */
const FIXED: Readonly<Record<string, number>> = {
  'repeats-an-unknown-edit-over-whatever-is-there': 1,
  'writes-before-its-claim-is-confirmed': 1,
  'counts-its-deadline-from-the-confirmation': 4,
  'seals-after-a-tenth-of-the-ttl': 1,
  'seals-one-number-only': 1,
  'reuses-an-unknown-number-for-other-content': 1,
  'deletes-the-seals-with-the-log': 1,
  'deletes-a-rollup-that-is-still-named': 1,
  'acknowledges-out-of-order': 1,
  'takes-a-damaged-frame-for-the-end-of-the-log': 3,
  'puts-a-head-without-a-match': 1,
  'compacts-over-the-owner-that-it-has-read': 3,
  'takes-over-without-the-tail': 1,
  'releases-without-flushing': 1,
  'flushes-commits-that-are-not-durable': 1,
  'reads-the-head-of-a-live-owner': 2,
  'shows-commits-that-are-not-durable': 1,
  'collects-what-only-history-names': 1,
  'takes-a-missing-file-for-empty': 1,
  'drops-versions-without-raising-the-horizon': 1,
  'shows-what-has-expired': 1,
  'judges-checks-on-an-older-view': 5,
  'lets-a-put-survive-the-range-delete-after-it': 1,
  'draws-an-idempotency-key-for-each-attempt': 1,
  'asks-again-after-an-unknown-outcome': 1,
  'lets-commit-times-fall': 1,
  'overlooks-expiries-in-range-checks': 4,
  'skips-commits-at-a-page-boundary': 1,
  'drops-what-its-window-keeps': 1,
  'repeats-commits-at-a-file-boundary': 1,
};

const SEEDS = IS_WHOLE ? 60 : 20;
const LIMIT_MS = 600_000;
const TRACE_JUDGE = 'libs/simulation/src/teeth/testing/trace-judge.ts';

const CHOSEN = VARIANTS.filter(({ name }) => IS_WHOLE || FIXED[name] !== undefined);
const CHOSEN_SETTINGS = new Set(CHOSEN.flatMap(({ setting }) => setting ?? []));
const NAMES = Object.keys(SETTINGS) as SettingName[];

/** Two processes at a time: the one that is waited for, and the next one's. */
const runs = new Map<Variant, Promise<VariantRun>>();

function runOf(variant: Variant): Promise<VariantRun> {
  const known = runs.get(variant);
  if (known !== undefined) return known;
  const run = runVariant(variant, { from: FIXED[variant.name] ?? 1, seeds: SEEDS, limitMs: LIMIT_MS });
  runs.set(variant, run);
  // Its own test hears of it.
  run.catch(() => undefined);
  return run;
}

describe('a broken variant', () => {
  it.each(CHOSEN)(
    'is caught when $breaks ($invariant, $name)',
    async (variant) => {
      const run = runOf(variant);
      const next = CHOSEN[CHOSEN.indexOf(variant) + 1];
      if (next !== undefined) void runOf(next);
      expect(await run).toMatchObject({ caughtBy: { rule: expect.any(String) } });
    },
    2 * LIMIT_MS,
  );
});

describe('what variants are run in', () => {
  it.each([...CHOSEN_SETTINGS])(
    'does no harm to the code as it is: %s',
    async (setting) => {
      const run = await runVariant({ name: setting, patches: [], setting }, { from: 1, seeds: 1, limitMs: LIMIT_MS });
      expect(run).toMatchObject({ caughtBy: undefined, seedsTaken: 1, crashedSeeds: 0 });
    },
    2 * LIMIT_MS,
  );

  it.each(CHOSEN.filter(({ eases }) => eases !== undefined))(
    'does no harm to the code as it is: the eases of $name',
    async (variant) => {
      const run = await runVariant({ ...variant, patches: [] }, { from: 1, seeds: 1, limitMs: LIMIT_MS });
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
    const names = VARIANTS.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(Object.keys(FIXED).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('break every invariant, in the fixed part too', () => {
    const fixed = VARIANTS.filter(({ name }) => FIXED[name] !== undefined);
    const broken = new Set(fixed.map(({ invariant }) => invariant));
    expect(INVARIANTS.filter((invariant) => !broken.has(invariant))).toEqual([]);
  });

  it('use every setting', () => {
    const used = new Set(VARIANTS.map(({ setting }) => setting));
    expect(NAMES.filter((name) => !used.has(name))).toEqual([]);
  });

  it.each(VARIANTS)('follow the code: $name', async (variant) => {
    expect((await brokenSources(variant)).size).toBeGreaterThan(0);
  });
});
