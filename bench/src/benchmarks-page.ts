import type { BenchmarkReport, BenchmarkRow } from './benchmark.js';
import { meetsTarget } from './benchmark.js';

/** docs/benchmarks.md: everything in it comes from the reports. */
export function renderBenchmarks(reports: readonly BenchmarkReport[]): string {
  const parts = reports.map(renderReport);
  return [
    '# Benchmarks',
    '',
    'Written by `./leasehold bench --write-docs`; nothing here is typed by hand. What each row measures, and how, is in',
    '`bench/README.md`; what the targets are for is told in `docs/architecture.md`. A missed target stays here as missed.',
    '',
    ...parts,
  ].join('\n');
}

function renderReport({ name, rows, machine, command }: BenchmarkReport): string {
  return [
    `## ${name}`,
    '',
    `\`${command}\` on ${machine}.`,
    '',
    '| row | value | target | | peer | ratio | mode | note |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(renderRow),
    '',
  ].join('\n');
}

function renderRow(row: BenchmarkRow): string {
  const { id, value, unit, target, better, peer, ratio, mode, note } = row;
  const met = meetsTarget(row);
  const cells = [
    `\`${id}\``,
    `${value} ${unit}`,
    target === null ? '' : `${better === 'lower' ? '≤' : '≥'} ${target}`,
    met === undefined ? '' : met ? 'met' : '**missed**',
    peer === null ? '' : `${peer.name}: ${peer.value}`,
    ratio === null ? '' : String(ratio),
    mode,
    note,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
