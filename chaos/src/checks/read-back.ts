import type { Clock } from '@leasehold/foundation';

import type { HttpClient } from '../load/http-client.js';
import { allKeys } from '../load/operation.js';
import { isServed, outcomeOf } from '../load/outcome.js';
import type { PreparedRequest, TenantDatabase } from '../load/tenant-database.js';

const READS_AT_ONCE = 32;
/** A key that is not served for so long is not readable. */
const READABLE_WITHIN_MS = 60_000;
const RETRY_MS = 250;

export interface ReadBack {
  readonly keys: number;
  /** Keys that nobody served; they count as lost. */
  readonly unreadable: number;
}

interface Work {
  readonly database: TenantDatabase;
  readonly key: string;
  readonly read: () => PreparedRequest;
}

/**
 * Reads every key that may have been written, through whoever serves it by now, and has each judged: whatever is older than what was
 * acknowledged or read before is lost.
 */
export async function readBack(
  databases: readonly TenantDatabase[],
  gateways: readonly HttpClient[],
  clock: Clock,
): Promise<ReadBack> {
  const work = databases.flatMap((database) => [
    ...allKeys(database.shape).map((key): Work => {
      return { database, key, read: () => database.get(key, clock.monotonic(), 'lost') };
    }),
    ...database.record.tallies.keys.map((key): Work => ({ database, key, read: () => database.getTally(key, 'lost') })),
  ]);
  let next = 0;
  let unreadable = 0;
  const reader = async (): Promise<void> => {
    for (let item = work[next++]; item !== undefined; item = work[next++]) {
      const gateway = gateways[next % gateways.length] as HttpClient;
      if (!(await readKey(item, gateway, clock))) unreadable++;
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  return { keys: work.length, unreadable };
}

async function readKey({ database, key, read }: Work, gateway: HttpClient, clock: Clock): Promise<boolean> {
  const deadlineMs = clock.monotonic() + READABLE_WITHIN_MS;
  for (;;) {
    const { request, judge } = read();
    const outcome = outcomeOf(await gateway.send(request));
    judge(outcome, clock.monotonic());
    if (isServed(outcome)) return true;
    if (clock.monotonic() > deadlineMs) {
      database.record.reportUnreadable(key, 'code' in outcome ? outcome.code : outcome.kind);
      return false;
    }
    await clock.sleep(RETRY_MS);
  }
}
