import type { Benchmark, BenchmarkReport, BenchmarkSize } from '@leasehold/bench';
import { BENCHMARKS, formatReport, renderBenchmarks, report } from '@leasehold/bench';

import { CliError } from '../cli-error.js';

const WRONG_USE = 2;

export interface BenchOptions {
  readonly json: boolean;
  readonly quick?: boolean;
  /** Of the database, in MiB, of benchmarks that have a large one. */
  readonly size?: number;
  /** Of the benchmark of billing. */
  readonly tenants?: number;
  /** Where the page of results is, of which the sections of what was measured are written anew; not written without. */
  readonly docs?: string;
}

interface BenchOutput {
  /** Results. */
  readonly print: (text: string) => void;
  /** What goes on meanwhile, for whoever waits. */
  readonly say: (text: string) => void;
  /** Empty when there is no such file. */
  readonly read: (path: string) => Promise<string>;
  readonly write: (path: string, text: string) => Promise<void>;
}

/**
 * The whole of `./leasehold bench`: measures the named benchmark, or all, and prints each report; with `json` as one line.
 * A missed target is told in the report and is no failure of the command.
 * @throws CliError when there is no such benchmark
 */
export async function bench(
  name: string | undefined,
  options: BenchOptions,
  { print, say, read, write }: BenchOutput,
  benchmarks: readonly Benchmark[] = BENCHMARKS,
): Promise<void> {
  const chosen = name === undefined ? benchmarks : benchmarks.filter((benchmark) => benchmark.name === name);
  if (chosen.length === 0) {
    const names = benchmarks.map((benchmark) => benchmark.name).join(', ');
    throw new CliError(`no benchmark "${name}"; there are: ${names}`, WRONG_USE);
  }
  const size: BenchmarkSize = options.quick ? 'quick' : 'full';
  const reports: BenchmarkReport[] = [];
  for (const benchmark of chosen) {
    const measured = await report(benchmark, {
      size,
      databaseMiB: options.size,
      tenants: options.tenants,
      say: (text) => say(`${benchmark.name}: ${text}`),
    });
    reports.push(measured);
    print(options.json ? JSON.stringify(measured) : formatReport(measured));
  }
  if (options.docs === undefined) return;
  const names = benchmarks.map((benchmark) => benchmark.name);
  await write(options.docs, renderBenchmarks(reports, names, await read(options.docs)));
}
