import type { Benchmark } from '@leasehold/bench';
import { formatReport, report, roundtrips } from '@leasehold/bench';

import { CliError } from '../cli-error.js';

/** Every benchmark there is; a new one is added here. */
export const BENCHMARKS: readonly Benchmark[] = [roundtrips];

const WRONG_USE = 2;

/**
 * The whole of `./leasehold bench`: measures the named benchmark, or all, and prints each report; with `json` as one line.
 * A missed target is told in the report and is no failure of the command.
 * @throws CliError when there is no such benchmark
 */
export async function bench(
  name: string | undefined,
  options: { readonly json: boolean },
  benchmarks: readonly Benchmark[] = BENCHMARKS,
  print: (text: string) => void = (text) => process.stdout.write(`${text}\n`),
): Promise<void> {
  const chosen = name === undefined ? benchmarks : benchmarks.filter((benchmark) => benchmark.name === name);
  if (chosen.length === 0) {
    const names = benchmarks.map((benchmark) => benchmark.name).join(', ');
    throw new CliError(`no benchmark "${name}"; there are: ${names}`, WRONG_USE);
  }
  for (const benchmark of chosen) {
    const measured = await report(benchmark);
    print(options.json ? JSON.stringify(measured) : formatReport(measured));
  }
}
