import { bucketLayout } from '@leasehold/bucket-layout';
import { decodeHead } from '@leasehold/engine';
import type { Head } from '@leasehold/engine';
import type { ObjectStore } from '@leasehold/object-store';

import type { TenantDatabase } from '../load/tenant-database.js';

/** What the heads say when every worker has drained. */
export interface BucketAudit {
  /** Sum over all databases of commits in the usage counters, less commits that clients know of: with all unknown outcomes counted as done, and with none. */
  readonly unitsBilledMinusDone: { readonly atLeast: number; readonly atMost: number };
  /** Databases whose counter lies outside what clients know. */
  readonly wronglyBilled: readonly string[];
  readonly quarantined: readonly string[];
  /** Heads that are not there although something was acknowledged, or cannot be read. */
  readonly missingHeads: readonly string[];
  /** How far the run went: changes of owner, and files. */
  readonly epochs: number;
  readonly files: number;
  readonly mergedFiles: number;
  readonly databasesCollected: number;
}

const HEADS_AT_ONCE = 16;

export async function auditBucket(store: ObjectStore, databases: readonly TenantDatabase[]): Promise<BucketAudit> {
  const audit = {
    atLeast: 0,
    atMost: 0,
    wronglyBilled: [] as string[],
    quarantined: [] as string[],
    missingHeads: [] as string[],
    epochs: 0,
    files: 0,
    mergedFiles: 0,
    databasesCollected: 0,
  };
  for (let at = 0; at < databases.length; at += HEADS_AT_ONCE) {
    await Promise.all(
      databases.slice(at, at + HEADS_AT_ONCE).map(async (database) => {
        const { record, name } = database;
        const head = await headOf(store, database);
        if (head === undefined) {
          if (record.acknowledged > 0) audit.missingHeads.push(name);
          return;
        }
        const { commits } = head.usage.total;
        audit.atLeast += commits - record.acknowledged - record.unclear;
        audit.atMost += commits - record.acknowledged;
        if (commits < record.acknowledged || commits > record.acknowledged + record.unclear) {
          audit.wronglyBilled.push(
            `${name}: ${commits} commits, ${record.acknowledged} acknowledged, ${record.unclear} unknown`,
          );
        }
        if (head.quarantined) audit.quarantined.push(name);
        if (head.gcFloor !== undefined) audit.databasesCollected++;
        audit.epochs += head.epoch;
        audit.files += head.l0.length + head.l1.length;
        audit.mergedFiles += head.l1.length;
      }),
    );
  }
  const { atLeast, atMost, ...rest } = audit;
  return { unitsBilledMinusDone: { atLeast, atMost }, ...rest };
}

async function headOf(store: ObjectStore, { id }: TenantDatabase): Promise<Head | undefined> {
  const object = await store.get(bucketLayout.head(id));
  if (object === undefined || object === 'not-modified') return undefined;
  try {
    return decodeHead(object.body);
  } catch {
    return undefined;
  }
}
