import type { UsageRecord } from '@leasehold/metering';
import type pg from 'pg';

import { RecordLedger } from './record-ledger.js';
import { takeRecord, type TakenRecord } from './take-record.js';

const PLACE = { records: 'usage_records', progress: 'usage_progress', takerLock: 7_220_146 } as const;

/**
 * Usage records of the bucket, rolled up into hours in the control plane's Postgres (tables of libs/metadata): each record once, each commit once, in whatever order
 * they come, and by however many at once.
 */
export class UsageLedger extends RecordLedger<UsageRecord, TakenRecord> {
  constructor(databaseUrl: string) {
    super(databaseUrl, PLACE);
  }

  protected takeIn(client: pg.ClientBase, record: UsageRecord): Promise<TakenRecord> {
    return takeRecord(client, record);
  }
}

export type { TakenRecord };
