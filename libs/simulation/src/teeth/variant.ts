import type { SettingName } from './settings.js';

/** One replacement in the text of one source file, whose path is given from the root of the repository. */
export interface Patch {
  readonly file: string;
  /** Occurs in the file exactly once: code that moves takes its variants along. */
  readonly find: string;
  readonly replace: string;
}

/** The invariants of docs/protocols/; `T`: what its owner, and gateways, promise beside them. H6 has no code yet. */
export const INVARIANTS = [
  ...(['P1', 'P2', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'L2', 'L3'] as const),
  ...(['H1', 'H2', 'H3', 'H4', 'H5', 'R1', 'R2', 'G1', 'G2', 'C1'] as const),
  ...(['T', 'T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'W1', 'W2'] as const),
] as const;

export type Invariant = (typeof INVARIANTS)[number];

/**
 * The real code with one fault in it. What would stop the fault inside of the code (an assertion, a rule of edits) is patched away with it,
 * for it is the judges that are put to the test: history and bucket have to tell.
 */
export interface Variant {
  /** Unique, kebab-case. */
  readonly name: string;
  readonly invariant: Invariant;
  /** What it does wrong, so that `is caught when …` can go before it. */
  readonly breaks: string;
  readonly patches: readonly Patch[];
  /** Harmless by themselves: smaller numbers, with which the harm is likely. Seeds without the other patches have to show that they are. */
  readonly eases?: readonly Patch[];
  /** In which the harm is likely; whatever the seed draws unless given. */
  readonly setting?: SettingName;
}

/** What gave a variant away. */
export interface Catch {
  readonly seed: number;
  /** Of the judge, as in `Violation`. */
  readonly rule: string;
  readonly what: string;
}
