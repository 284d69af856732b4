import type { BenchmarkReport, BenchmarkRow } from './benchmark.js';
import { meetsTarget } from './benchmark.js';

const INTRODUCTION = [
  '# Benchmarks',
  '',
  'Written by `./leasehold bench --write-docs`; nothing here is typed by hand. What each row measures, and how, is in',
  '`bench/README.md`; what the targets are for is told in `docs/architecture.md`. A missed target stays here as missed.',
  '',
].join('\n');
const SECTION = '\n## ';

/**
 * docs/benchmarks.md: everything in it comes from reports.
 * @param page as it was: of benchmarks that have no new report the old section stays
 * @param names the order of the sections
 */
export function renderBenchmarks(
  reports: readonly BenchmarkReport[],
  names: readonly string[] = reports.map(({ name }) => name),
  page = '',
): string {
  const sections = new Map(reports.map((report) => [report.name, renderReport(report)]));
  for (const section of page.split(SECTION).slice(1)) {
    const name = section.slice(0, section.indexOf('\n'));
    if (!sections.has(name)) sections.set(name, `## ${section.trimEnd()}\n`);
  }
  return [INTRODUCTION, ...names.flatMap((name) => sections.get(name) ?? [])].join('\n');
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
