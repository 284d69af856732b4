import { SEAL_BYTES } from '@leasehold/commit-log';
import type { Head } from '@leasehold/engine';
import { decodeHead } from '@leasehold/engine';
import { decodeSessionRecord } from '@leasehold/lease';
import type { StoreVerb } from '@leasehold/object-store';

import type { HeadStep, RecordStep, Step } from './failpoint.js';
import { kindOf } from './failpoint.js';

/** What a head said when it was put last, as far as the next edit is told by it. */
type HeadBefore = Pick<Head, 'epoch' | 'owner' | 'lastCommit' | 'gcFloor'>;

/** Tells by its bytes which step of the protocol a request is. */
export class Steps {
  private readonly heads = new Map<string, HeadBefore>();

  stepOf(verb: StoreVerb, key: string, body: Uint8Array | undefined): Step {
    const kind = kindOf(key);
    if (verb !== 'put' || body === undefined) return `${verb === 'put' ? 'get' : verb} ${kind}`;
    if (kind === 'head') return `put head ${this.headStep(key, body)}`;
    if (kind === 'record') return `put record ${recordStep(body)}`;
    return `put ${kind === 'segment' && body.byteLength === SEAL_BYTES ? 'seal' : kind}`;
  }

  private headStep(key: string, body: Uint8Array): HeadStep {
    const head = decodeHead(body);
    const before = this.heads.get(key);
    this.heads.set(key, head);
    if (head.epoch > (before?.epoch ?? 0)) return head.owner === undefined ? 'recovery' : 'claim';
    if (before?.owner !== undefined && head.owner === undefined) return 'release';
    if (head.lastCommit.sequence > (before?.lastCommit.sequence ?? 0)) return 'flush';
    return head.gcFloor === before?.gcFloor ? 'compaction' : 'gc-floor';
  }
}

function recordStep(body: Uint8Array): RecordStep {
  const { state, trail } = decodeSessionRecord(body);
  if (state !== 'live') return state === 'clean' ? 'clean' : 'seal';
  return trail.edits === 1 ? 'birth' : 'renewal';
}
