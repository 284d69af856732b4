import { cpus, totalmem } from 'node:os';

/** One measured figure. A missed target stays in the report, red. */
export interface BenchmarkRow {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** Null: told for information, neither met nor missed. */
  readonly target: number | null;
  readonly better: 'lower' | 'higher';
  /** Another system measured in the same run; null where none was. */
  readonly peer: { readonly name: string; readonly value: number } | null;
  /** Our value over the peer's. Where the target is one of ratios, `target` is what this has to reach: see the note. */
  readonly ratio: number | null;
  /** Size of the run, rate, window, latency profile: what another run has to repeat. */
  readonly mode: string;
  readonly note: string;
}

export interface BenchmarkReport {
  readonly name: string;
  readonly rows: readonly BenchmarkRow[];
  readonly machine: string;
  readonly command: string;
}

/** `quick` ends in seconds and shows that everything works; its figures mean little where they are times. */
export type BenchmarkSize = 'full' | 'quick';

export interface BenchmarkOptions {
  readonly size: BenchmarkSize;
  /** Of the database whose compaction is watched; a benchmark that has no such thing ignores it. */
  readonly databaseMiB?: number;
  /** Of the benchmark of billing; the others ignore it. */
  readonly tenants?: number;
  /** Told what is going on, for whoever waits. */
  readonly say?: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]>;
}

export async function report(benchmark: Benchmark, options: BenchmarkOptions): Promise<BenchmarkReport> {
  const rows = await benchmark.measure(options);
  const { size, databaseMiB, tenants } = options;
  const flags = [
    ...(size === 'quick' ? ['--quick'] : []),
    ...(databaseMiB ? [`--size ${databaseMiB}`] : []),
    ...(tenants ? [`--tenants ${tenants}`] : []),
  ];
  return {
    name: benchmark.name,
    rows: rows.map((row) => ({ ...row, mode: `${size}; ${row.mode}` })),
    machine: machine(),
    command: ['./leasehold bench', benchmark.name, ...flags].join(' '),
  };
}

export function machine(): string {
  const cores = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown processor'}, ${gib} GiB, Node ${process.version}`;
}

/** Undefined for a row without a target. */
export function meetsTarget({ value, target, better }: BenchmarkRow): boolean | undefined {
  if (target === null) return undefined;
  return better === 'lower' ? value <= target : value >= target;
}

/** For people: one line a row, the missed ones marked. */
export function formatReport({ name, rows, machine: where, command }: BenchmarkReport): string {
  const width = Math.max(...rows.map((row) => row.id.length));
  const lines = rows.map((row) => {
    const met = meetsTarget(row);
    const mark = met === undefined ? '      ' : met ? 'ok    ' : 'MISSED';
    const peer =
      row.peer === null
        ? ''
        : `  (${row.peer.name} ${row.peer.value}${row.ratio === null ? '' : `, ratio ${row.ratio}`})`;
    return `${mark}  ${row.id.padEnd(width)}  ${row.value} ${row.unit}${target(row)}${peer}  ${row.note}`;
  });
  return [`${name} on ${where}`, ...lines, `run again with: ${command}`].join('\n');
}

function target(row: BenchmarkRow): string {
  if (row.target === null) return '';
  return `  (target ${row.better === 'lower' ? '≤' : '≥'} ${row.target})`;
}

/** Figures that people compare need no more than four digits. */
export function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}
