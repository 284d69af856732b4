import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { VERSION_ZERO } from '@leasehold/foundation';
import { EMPTY_TRAIL } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { NO_USAGE } from '../entry.js';
import type { Head, HeadStatistics, HistoryFile } from '../format/head.js';
import { DEFAULT_DATABASE_OPTIONS } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

export interface DatabaseIdentity {
  readonly databaseId: DatabaseId;
  readonly tenantId: TenantId;
  readonly name: string;
}

/** Of a database without any commit: epoch 0, nobody's. What reads of a database without a head see, and what a first claim starts from. */
export function emptyHead({ databaseId, tenantId, name }: DatabaseIdentity): Head {
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
    options: DEFAULT_DATABASE_OPTIONS,
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
export function statisticsOf(data: {
  readonly inline: readonly Entry[];
  readonly l0: readonly SstRef[];
  readonly l1: readonly SstRef[];
  readonly history: readonly HistoryFile[];
}): HeadStatistics {
  let entries = 0;
  let liveBytes = 0;
  for (const entry of data.inline) {
    if (entry.kind === 'delete') continue;
    entries++;
    liveBytes += entry.key.byteLength + entry.value.byteLength;
  }
  for (const ref of [...data.l0, ...data.l1]) {
    entries += ref.entries - ref.deletes;
    liveBytes += ref.putBytes;
  }
  return { entries, liveBytes, historyBytes: data.history.reduce((sum, { ref }) => sum + ref.sizeBytes, 0) };
}
