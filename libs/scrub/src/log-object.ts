import type { FrameMap, FrameSpan, RollupName, SegmentName } from '@leasehold/commit-log';
import {
  mapRollup,
  mapSegment,
  readRollupDirectory,
  readRollupFooter,
  readSegmentDirectory,
  ROLLUP_FOOTER_BYTES,
  ROLLUP_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentDirectoryBytes,
} from '@leasehold/commit-log';
import type { DirectoryEntry } from '@leasehold/commit-log';
import { decodeCommits } from '@leasehold/engine';
import { CorruptBytesError } from '@leasehold/foundation';

/*
 * Recovery makes do with what it finds: a directory that is damaged hides nothing from it. Here every byte has to be as its writer
 * put it.
 */

/** @throws CorruptBytesError unless all of a segment is whole */
export function wholeSegment(name: SegmentName, body: Uint8Array): FrameMap & { readonly kind: 'data' | 'seal' } {
  const segment = mapSegment(name, body);
  if (segment.kind === 'seal') return segment;
  const { intact } = segment;
  expectWholeFrames(segment);
  expectDirectory(intact, readSegmentDirectory(body, intact.length), SEGMENT_HEADER_BYTES);
  if (endOf(intact) + segmentDirectoryBytes(intact.length) !== body.byteLength)
    throw new CorruptBytesError('segment has a wrong size');
  return segment;
}

/** @throws CorruptBytesError unless all of a rollup is whole */
export function wholeRollup(name: RollupName, body: Uint8Array): FrameMap {
  const rollup = mapRollup(name, body);
  const { intact } = rollup;
  expectWholeFrames(rollup);
  const footer = readRollupFooter(body.subarray(Math.max(0, body.byteLength - ROLLUP_FOOTER_BYTES)));
  if (footer?.directoryAt !== endOf(intact)) throw new CorruptBytesError('rollup has a wrong size');
  expectDirectory(intact, readRollupDirectory(body.subarray(footer.directoryAt)), ROLLUP_HEADER_BYTES);
  if (intact.some(({ header: { segment } }) => segment < name.from || segment > name.to))
    throw new CorruptBytesError('rollup holds frames of other segments');
  return rollup;
}

function expectWholeFrames({ intact, damage }: FrameMap): void {
  if (damage.length > 0) throw new CorruptBytesError(`frames cannot be read: ${damage.length}`);
  for (const { header, payload } of intact) {
    const { segment, epoch, firstSequence, lastSequence, previousSegment } = header;
    const commits = decodeCommits(payload);
    const isAsSaid =
      commits.length === lastSequence - firstSequence + 1 &&
      commits.every(({ version }, i) => version.epoch === epoch && version.sequence === firstSequence + i);
    if (!isAsSaid) throw new CorruptBytesError(`frame of segment ${segment} holds other commits than it says`);
    if (previousSegment >= segment)
      throw new CorruptBytesError(`frame of segment ${segment} names a predecessor behind itself`);
  }
}

function expectDirectory(
  frames: readonly FrameSpan[],
  directory: readonly DirectoryEntry[] | undefined,
  framesAt: number,
): void {
  const isAsSaid =
    frames[0]?.offset === framesAt &&
    directory?.length === frames.length &&
    frames.every(({ header, offset }, i) => {
      const entry = directory[i];
      return entry?.databaseId === header.databaseId && entry.offset === offset;
    });
  if (!isAsSaid) throw new CorruptBytesError('directory is not that of the frames');
}

function endOf(frames: readonly FrameSpan[]): number {
  return frames.at(-1)?.end ?? 0;
}
