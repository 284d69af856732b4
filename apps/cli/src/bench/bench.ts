import { CliError } from '../cli-error.js';

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(options: { readonly json: boolean }): Promise<void>;
}

/** Every benchmark there is; a new one is added here. */
export const BENCHMARKS: readonly Benchmark[] = [];

const WRONG_USE = 2;

/** The whole of `./leasehold bench`: runs the named benchmark, or all. @throws CliError when there is no such benchmark. */
export async function bench(
  name: string | undefined,
  options: { readonly json: boolean },
  benchmarks: readonly Benchmark[] = BENCHMARKS,
): Promise<void> {
  const chosen = name === undefined ? benchmarks : benchmarks.filter((benchmark) => benchmark.name === name);
  if (chosen.length === 0) {
    const names = benchmarks.map((benchmark) => benchmark.name);
    const available = names.length === 0 ? 'there are none yet' : `there are: ${names.join(', ')}`;
    throw new CliError(
      name === undefined ? `no benchmark to run: ${available}` : `no benchmark "${name}"; ${available}`,
      WRONG_USE,
    );
  }
  for (const benchmark of chosen) await benchmark.run(options);
}
