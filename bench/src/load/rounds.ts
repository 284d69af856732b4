/** Figures of the same thing measured several times. */
export interface Rounds {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly values: readonly number[];
}

export function summarize(values: readonly number[]): Rounds {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  return { median, lowest: sorted[0] as number, highest: sorted.at(-1) as number, values };
}

/**
 * Measures A and B in turn (A B A B …), so that whatever else the machine does in a minute hits both. Sequential: neither is
 * measured while the other runs.
 */
export async function interleaved<T>(
  count: number,
  measures: { readonly [name: string]: () => Promise<T> },
): Promise<Readonly<Record<string, readonly T[]>>> {
  const results: Record<string, T[]> = Object.fromEntries(Object.keys(measures).map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of Object.entries(measures)) results[name]?.push(await measure());
  }
  return results;
}

export function spread({ lowest, highest, values }: Rounds, digits = 3): string {
  const shown = (value: number): string => String(Number(value.toPrecision(digits)));
  return `median of ${values.length}, ${shown(lowest)} to ${shown(highest)}`;
}
