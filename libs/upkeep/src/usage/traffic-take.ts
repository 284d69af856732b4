import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import type { TrafficRecord } from '@leasehold/metering';

import { TRAFFIC_RECORDS } from './record-series.js';
import { RollUp, type RecordTaker, type RollUpContext, type RollUpReport } from './roll-up.js';

/** Where traffic is added up, and let go of. */
export interface TrafficTaker extends RecordTaker<TrafficRecord> {
  forgetRows(): Promise<void>;
  oldRecords(limit: number): Promise<readonly OldRecord[]>;
  forgetRecords(gone: readonly OldRecord[]): Promise<void>;
}

interface OldRecord {
  readonly session: SessionId;
  readonly number: number;
}

/** Records that leave the bucket in one pass: of some hundred gateways a day. */
const MAX_DELETED = 200_000;
const DELETED_AT_ONCE = 500;

/**
 * Takes traffic records as a {@link RollUp} takes those of usage. Rows that are too old go in each pass, and records in a full one. A record that cannot be read is taken as
 * one that tells nothing, and leaves the bucket with those of its time.
 */
export class TrafficTake {
  private readonly rollUp: RollUp<TrafficRecord>;

  constructor(
    private readonly ctx: Omit<RollUpContext<TrafficRecord>, 'series' | 'ledger' | 'insteadOf'> & {
      readonly ledger: TrafficTaker;
    },
  ) {
    this.rollUp = new RollUp({
      ...ctx,
      series: TRAFFIC_RECORDS,
      insteadOf: (session, number) => {
        const now = ctx.clock.now();
        return { session, number, from: now, to: now, minutes: [], others: 0 };
      },
    });
  }

  /** @throws as {@link RollUp.pass} */
  async pass(signal: AbortSignal, { full = false }: { readonly full?: boolean } = {}): Promise<RollUpReport> {
    const report = await this.rollUp.pass(signal, { full });
    await this.ctx.ledger.forgetRows();
    if (full) await this.deleteOld(signal);
    return report;
  }

  /** First from the bucket, then what is known of them: so nobody takes one again. */
  private async deleteOld(signal: AbortSignal): Promise<void> {
    const { store, ledger } = this.ctx;
    for (let deleted = 0; deleted < MAX_DELETED;) {
      const old = await ledger.oldRecords(DELETED_AT_ONCE);
      if (old.length === 0) return;
      for (const { session, number } of old) {
        signal.throwIfAborted();
        await store.delete(bucketLayout.trafficRecord(session, number), { signal });
      }
      await ledger.forgetRecords(old);
      deleted += old.length;
    }
  }
}
