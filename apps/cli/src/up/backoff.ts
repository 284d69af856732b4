/** Long enough that a crash loop does not eat the machine, short enough that a kill is hardly noticed. */
export const FIRST_DELAY_MS = 250;
export const LONGEST_DELAY_MS = 10_000;
/** A process that served this long was healthy: its next crash counts as the first. */
export const HEALTHY_AFTER_MS = 30_000;

export interface RestartDecision {
  readonly delayMs: number;
  /** Crashes in a row, to be handed in at the next one. */
  readonly crashes: number;
}

/** Decides when to start a crashed process again: doubling delays, forgotten once it has been healthy for a while. */
export function decideRestart(crashesBefore: number, servedMs: number): RestartDecision {
  const crashes = servedMs >= HEALTHY_AFTER_MS ? 1 : crashesBefore + 1;
  return { crashes, delayMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(crashes - 1, 30)) };
}
