import type { RunVariantOptions, VariantRun } from './run-variant.js';
import { runVariant } from './run-variant.js';
import type { Variant } from './variant.js';
import { VARIANTS } from './variants.js';

export interface RunTeethOptions extends Pick<RunVariantOptions, 'judge' | 'limitMs'> {
  /** The first seed, of every variant. */
  readonly from: number;
  readonly seedsPerVariant: number;
  /** Of the variants to run; all of them by default. */
  readonly names?: readonly string[];
  /** Processes at a time, 2 by default. */
  readonly concurrency?: number;
  /** Called as each is over. */
  readonly onRun?: (run: VariantRun) => void;
  /** To choose from; {@link VARIANTS} by default. */
  readonly variants?: readonly Variant[];
}

export interface TeethReport {
  readonly variants: number;
  readonly caught: number;
  /** In the order of the variants. */
  readonly each: readonly (VariantRun & Pick<Variant, 'invariant' | 'breaks'>)[];
}

const CONCURRENCY = 2;

/** Runs the variants, each until it is caught or out of seeds. @throws PatchMismatchError, UnfitVariantError; Error for an unknown name */
export async function runTeeth(options: RunTeethOptions): Promise<TeethReport> {
  const { from, seedsPerVariant: seeds, concurrency = CONCURRENCY, judge, limitMs, onRun } = options;
  const chosen = choose(options.variants ?? VARIANTS, options.names);
  const each: TeethReport['each'][number][] = [];
  const rest = chosen.entries();
  const lane = async (): Promise<void> => {
    for (const [place, variant] of rest) {
      const run = await runVariant(variant, { from, seeds, judge, limitMs });
      each[place] = { ...run, invariant: variant.invariant, breaks: variant.breaks };
      onRun?.(run);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return { variants: each.length, caught: each.filter(({ caughtBy }) => caughtBy !== undefined).length, each };
}

function choose(variants: readonly Variant[], names: readonly string[] | undefined): readonly Variant[] {
  if (names === undefined) return variants;
  return names.map((name) => {
    const found = variants.find((variant) => variant.name === name);
    if (found === undefined) throw new Error(`no variant is called ${name}`);
    return found;
  });
}
