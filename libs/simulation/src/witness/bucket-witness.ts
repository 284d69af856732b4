import type { DatabaseId } from '@leasehold/foundation';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from '@leasehold/object-store';

import type { FrameText, Violation } from '../history/history.js';
import type { BucketJudgeOptions } from './bucket-judge.js';
import { BucketJudge } from './bucket-judge.js';
import { parseObjectName } from './object-name.js';

/**
 * Stands between everybody and the bucket, directly around it: whatever is applied passes through here, in its order, whoever sent it and
 * whatever becomes of the answer. So it can judge what no process could: whether each change was allowed by what the bucket
 * held at that moment (docs/protocols/). It knows the formats and the rules, and nothing of the code that is to keep them.
 *
 * What may happen although no process is at fault is no violation: an abandoned put that lands where its object was deleted, an edit
 * of a session that is long sealed, a pin that came too late.
 */
export class BucketWitness implements ObjectStore {
  private readonly judge: BucketJudge;

  constructor(
    private readonly store: ObjectStore,
    options: BucketJudgeOptions,
  ) {
    this.judge = new BucketJudge(options);
  }

  get violations(): readonly Violation[] {
    return this.judge.violations;
  }

  /** Every frame of a database that ever landed in any log, in the order of landing. */
  framesOf(databaseId: DatabaseId): readonly FrameText[] {
    return this.judge.framesOf(databaseId);
  }

  get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    return this.store.get(key, options);
  }

  list(prefix: string, options?: ListOptions): Promise<ListPage> {
    return this.store.list(prefix, options);
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    const put = await this.store.put(key, body, condition, options);
    const name = parseObjectName(key);
    // The caller may use its bytes for something else once this resolves.
    if (put.outcome === 'done' && name !== undefined)
      this.judge.land(name, key, Uint8Array.from(body), put.etag, condition !== 'create');
    return put;
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    await this.store.delete(key, options);
    const name = parseObjectName(key);
    if (name !== undefined) this.judge.gone(name);
  }
}
