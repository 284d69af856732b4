import type { SettingName } from '../settings.js';
import type { Catch } from '../variant.js';

/** Seeds to be taken one after another, until one of them gives the variant away. */
export interface SeedTask {
  /** By absolute path. */
  readonly sources: readonly (readonly [path: string, text: string])[];
  /** Absolute path of a module as `judge-seed.ts` is one. */
  readonly judge: string;
  readonly setting: SettingName | undefined;
  readonly from: number;
  readonly seeds: number;
  readonly seedLimitMs: number;
}

export type SeedNews =
  /** The child listens. */
  | { readonly kind: 'ready' }
  /** Neither the judge nor the code under test could even be loaded. */
  | { readonly kind: 'unfit'; readonly error: string }
  /** One more seed was taken; `crash`: the code under test ended it, which proves nothing. */
  | { readonly kind: 'seed'; readonly caughtBy: Catch | undefined; readonly crash: string | undefined };
