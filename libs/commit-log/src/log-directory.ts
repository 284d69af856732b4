import type { DatabaseId } from '@leasehold/foundation';
import { CorruptBytesError } from '@leasehold/foundation';

import type { PlacedHeader } from './frame-codec.js';
import { mapFrames, type DirectoryEntry } from './segment.js';

/** Which frames an object has, in their order, and where the last one ends. */
export interface ObjectDirectory {
  readonly entries: readonly DirectoryEntry[];
  readonly directoryAt: number;
}

/** Bytes [start, end) of a source: frames of one database that follow each other. */
export interface FrameRun {
  /** Position among the sources of the log. */
  readonly source: number;
  readonly start: number;
  readonly end: number;
  readonly frames: number;
}

/** A frame as it lies in a run, payload included. */
export type RunFrame = PlacedHeader & { readonly payload: Uint8Array };

/** Where the frames of each database lie, by the directories of those objects that were not read whole. */
export class LogDirectory {
  private readonly runs = new Map<DatabaseId, FrameRun[]>();

  add(source: number, { entries, directoryAt }: ObjectDirectory): void {
    for (let i = 0; i < entries.length;) {
      const begin = i;
      const { databaseId, offset: start } = entries[begin] as DirectoryEntry;
      while (entries[i]?.databaseId === databaseId) i++;
      const run = { source, start, end: entries[i]?.offset ?? directoryAt, frames: i - begin };
      const runs = this.runs.get(databaseId);
      if (runs === undefined) this.runs.set(databaseId, [run]);
      else runs.push(run);
    }
  }

  runsOf(databaseId: DatabaseId): readonly FrameRun[] {
    return this.runs.get(databaseId) ?? [];
  }
}

/**
 * The frames of a run. Undefined unless everything is as the directory says: what is wrong, and whom it concerns (L3), is for
 * whoever reads the whole object to find out.
 * @param segment see `readFrame`
 */
export function framesOfRun(
  databaseId: DatabaseId,
  run: FrameRun,
  bytes: Uint8Array,
  segment: number | undefined,
): readonly RunFrame[] | undefined {
  const { intact, damage } = mapFrames(bytes, 0, run.frames, undefined, segment);
  const isWhole = damage.length === 0 && intact.length === run.frames && intact.at(-1)?.end === run.end - run.start;
  if (!isWhole || intact.some(({ header }) => header.databaseId !== databaseId)) return undefined;
  return intact.map(({ header, payload }) => ({ ...header, payload }));
}

/** True when the entries lead from frame to frame, from the first to the directory. */
export function isInOrder({ entries, directoryAt }: ObjectDirectory, firstAt: number): boolean {
  if (entries[0]?.offset !== firstAt) return false;
  return entries.every(({ offset }, i) => offset < (entries[i + 1]?.offset ?? directoryAt));
}

/** What `read` returns; undefined when it finds damage. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CorruptBytesError) return undefined;
    throw error;
  }
}
