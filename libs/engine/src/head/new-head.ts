import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { VERSION_ZERO } from '@leasehold/foundation';
import { EMPTY_TRAIL } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { compareKeys, NO_USAGE } from '../entry.js';
import type { DatabaseOptions, Head, HeadStatistics } from '../format/head.js';
import { DEFAULT_DATABASE_OPTIONS } from '../format/head.js';

export interface DatabaseIdentity {
  readonly databaseId: DatabaseId;
  readonly tenantId: TenantId;
  readonly name: string;
  /** As its owner is to have them from now on. Undefined: as its head has them, and a new one as all do at first. */
  readonly options?: DatabaseOptions | undefined;
}

/** Of a database without any commit: epoch 0, nobody's. What reads of a database without a head see, and what a first claim starts from. */
export function emptyHead({ databaseId, tenantId, name, options }: DatabaseIdentity): Head {
  return {
    databaseId,
    tenantId,
    name,
    epoch: 0,
    owner: undefined,
    lastCommit: VERSION_ZERO,
    lastCommittedAt: 0,
    inline: [],
    inlineFrom: 1,
    l0: [],
    l1: [],
    history: [],
    rangeDeletes: [],
    timeline: [],
    idempotency: { recent: [], files: [], recentFrom: 1 },
    usage: { total: NO_USAGE, recorded: NO_USAGE, hours: [] },
    options: options ?? DEFAULT_DATABASE_OPTIONS,
    parent: undefined,
    gcFloor: undefined,
    horizon: 0,
    quarantined: false,
    deletedAt: undefined,
    trail: EMPTY_TRAIL,
    statistics: { entries: 0, liveBytes: 0, historyBytes: 0 },
  };
}

/** What the data fields add up to; every edit that changes one of them sets the statistics anew. */
export function statisticsOf({
  inline,
  l0,
  l1,
  history,
}: Pick<Head, 'inline' | 'l0' | 'l1' | 'history'>): HeadStatistics {
  let entries = 0;
  let liveBytes = 0;
  let previous: Entry | undefined;
  for (const entry of inline) {
    const isSuperseded = previous !== undefined && compareKeys(previous.key, entry.key) === 0;
    previous = entry;
    if (isSuperseded || entry.kind === 'delete') continue;
    entries++;
    liveBytes += entry.key.byteLength + entry.value.byteLength;
  }
  for (const ref of [...l0, ...l1]) {
    // Superseded deletes count twice here, so never below nothing.
    entries += Math.max(0, ref.entries - ref.deletes - ref.superseded);
    liveBytes += ref.putBytes - ref.supersededBytes;
  }
  return { entries, liveBytes, historyBytes: history.reduce((sum, { ref }) => sum + ref.sizeBytes, 0) };
}
