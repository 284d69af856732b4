import { Controller, Get, Param } from '@nestjs/common';
import { PHASES } from '@leasehold/foundation';
import { Metadata, type TrafficQuestion, type TrafficRow } from '@leasehold/metadata';
import { percentileMs } from '@leasehold/metering';

import { Access, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { namedDatabase, requireAllKeys } from '../databases/named-database.js';
import { TrafficQueryOf } from './traffic-query.js';

const READERS = { roles: ROLES, scopes: ['usage:read', 'db:admin'] } as const;
const US_PER_MS = 1_000;

/** How many requests a database has and how long they take, as the gateways see it. */
@Controller('v1/databases/:nameOrId/metrics')
export class MetricsController {
  constructor(private readonly metadata: Metadata) {}

  /** By time; a step without requests has no row. */
  @Get()
  @Access(READERS)
  async read(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @TrafficQueryOf() question: TrafficQuestion,
  ): Promise<object> {
    requireAllKeys(caller);
    const database = await namedDatabase(this.metadata, caller, nameOrId);
    const { trafficReport } = this.metadata;
    // Asked first: what is taken meanwhile is in the rows, and not promised.
    const completeTo = (await trafficReport.completeTo()) ?? null;
    const rows = await trafficReport.rows(database.id, question);
    return { database: database.id, ...question, completeTo, metrics: rows.map(viewOf) };
  }
}

function viewOf({ from, requests, errors, coldStarts, coldPhases, latency }: TrafficRow) {
  const phases = PHASES.flatMap((phase) => {
    const us = coldPhases[phase];
    return us ? [[phase, us / US_PER_MS / coldStarts] as const] : [];
  });
  return {
    ...{ from, requests, errors },
    p50Ms: percentileMs(latency, 0.5) ?? null,
    p99Ms: percentileMs(latency, 0.99) ?? null,
    coldStarts,
    coldPhasesMs: Object.fromEntries(phases),
  };
}
