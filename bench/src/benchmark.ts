import { cpus } from 'node:os';

/** One measured figure. A missed target stays in the report, red. */
export interface BenchmarkRow {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number;
  readonly better: 'lower' | 'higher';
  /** Another system measured in the same run; null where none was. */
  readonly peer: { readonly name: string; readonly value: number } | null;
  /** Our value over the peer's. */
  readonly ratio: number | null;
  readonly mode: string;
  readonly note: string;
}

export interface BenchmarkReport {
  readonly name: string;
  readonly rows: readonly BenchmarkRow[];
  readonly machine: string;
  readonly command: string;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  measure(): Promise<readonly BenchmarkRow[]>;
}

export async function report(benchmark: Benchmark): Promise<BenchmarkReport> {
  const cores = cpus();
  return {
    name: benchmark.name,
    rows: await benchmark.measure(),
    machine: `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}`,
    command: `./leasehold bench ${benchmark.name}`,
  };
}

export function meetsTarget({ value, target, better }: BenchmarkRow): boolean {
  return better === 'lower' ? value <= target : value >= target;
}

/** For people: one line a row, the missed ones marked. */
export function formatReport({ name, rows, machine, command }: BenchmarkReport): string {
  const width = Math.max(...rows.map((row) => row.id.length));
  const lines = rows.map((row) => {
    const mark = meetsTarget(row) ? 'ok    ' : 'MISSED';
    const bound = row.better === 'lower' ? '≤' : '≥';
    return `${mark}  ${row.id.padEnd(width)}  ${row.value} ${row.unit}  (target ${bound} ${row.target})  ${row.note}`;
  });
  return [`${name} on ${machine}`, ...lines, `run again with: ${command}`].join('\n');
}
