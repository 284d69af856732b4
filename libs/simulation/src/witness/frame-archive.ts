import { createHash } from 'node:crypto';

import type { Commit } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';

import type { CommitText, FrameText } from '../history/history.js';
import { commitTextOf } from '../workload/translation.js';
import type { LandedFrame } from './chain.js';

/** Enough that no two of a run's commits are taken for each other. */
const DIGEST_CHARACTERS = 22;

/** Every frame that ever landed in a segment, in the order of landing. */
export class FrameArchive {
  private readonly byDatabase = new Map<DatabaseId, FrameText[]>();

  framesOf(databaseId: DatabaseId): readonly FrameText[] {
    return this.byDatabase.get(databaseId) ?? [];
  }

  add(session: SessionId, frame: LandedFrame, commits: readonly Commit[]): void {
    const { databaseId, segment, epoch, firstSequence, lastSequence } = frame;
    const digests = commits.map((commit) => digestOfEffects(commitTextOf(commit)));
    let frames = this.byDatabase.get(databaseId);
    if (frames === undefined) this.byDatabase.set(databaseId, (frames = []));
    frames.push({ session, segment, epoch, firstSequence, lastSequence, digests });
  }
}

/** Of what a commit does, whenever and under whatever version: equal digests are equal effects. */
export function digestOfEffects({ entries, rangeDeletes }: Pick<CommitText, 'entries' | 'rangeDeletes'>): string {
  const effects = [
    entries.map(({ key, kind, value, expiresAt }) => [key, kind, value, String(expiresAt)]),
    rangeDeletes.map(({ start, end }) => [start, end ?? null]),
  ];
  return createHash('md5').update(JSON.stringify(effects)).digest('base64').slice(0, DIGEST_CHARACTERS);
}
