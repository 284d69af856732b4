import type { Schemas } from '../../api/control.js';

type Inspection = Schemas['Inspection'];
export type InspectedLevel = Inspection['levels'][number];
export type InspectedFile = InspectedLevel['first'][number];

/** As wide as the largest band is drawn. */
export const BAND_WIDTH = 1_000;

/** A file in the picture. */
export interface Block {
  readonly id: string;
  readonly from: number;
  readonly width: number;
  readonly sizeBytes: number;
  /** Of what is drawn, the part from below that a rewrite would drop; 0 … 1. */
  readonly garbageShare: number;
}

/** One level in the picture: all bands have the same scale, so that lengths are bytes wherever they are. */
export interface Band {
  readonly name: 'inline' | InspectedLevel['name'];
  readonly label: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly blocks: readonly Block[];
  /** Files that are in the sums and were not told one by one. */
  readonly rest: { readonly files: number; readonly from: number; readonly width: number } | undefined;
}

const LABELS: Readonly<Record<Band['name'], string>> = {
  inline: 'In the head',
  l0: 'L0',
  l1: 'L1',
  merged: 'For the change feed',
  versions: 'Old versions',
  idempotency: 'Idempotency records',
};
/** Those that every database has a place for; of the others only those with files are drawn. */
const ALWAYS: readonly Band['name'][] = ['inline', 'l0', 'l1'];

export function labelOf(name: Band['name']): string {
  return LABELS[name];
}

/** The bands of a database, newest data first. */
export function bandsOf({ head, levels }: Pick<Inspection, 'head' | 'levels'>): readonly Band[] {
  const { sizeBytes: inlineBytes } = head.inline;
  const largest = Math.max(1, inlineBytes, ...levels.map(({ sizeBytes }) => sizeBytes));
  const widthOf = (sizeBytes: number) => (sizeBytes / largest) * BAND_WIDTH;
  const inline: Band = {
    ...{ name: 'inline', label: LABELS.inline, files: 0, sizeBytes: inlineBytes, rest: undefined },
    blocks:
      inlineBytes === 0
        ? []
        : [{ id: 'inline', from: 0, width: widthOf(inlineBytes), sizeBytes: inlineBytes, garbageShare: 0 }],
  };
  const bands = levels.map((level) => bandOf(level, widthOf));
  return [inline, ...bands].filter(({ name, files }) => files > 0 || ALWAYS.includes(name));
}

function bandOf({ name, files, sizeBytes, first }: InspectedLevel, widthOf: (sizeBytes: number) => number): Band {
  let told = 0;
  const blocks = first.map((file): Block => {
    const from = widthOf(told);
    told += file.sizeBytes;
    const { id, garbageShare } = file;
    return { id, from, width: widthOf(file.sizeBytes), sizeBytes: file.sizeBytes, garbageShare: garbageShare ?? 0 };
  });
  const left = files - first.length;
  const rest = left > 0 ? { files: left, from: widthOf(told), width: widthOf(sizeBytes - told) } : undefined;
  return { name, label: LABELS[name], files, sizeBytes, blocks, rest };
}
