import type { Clock, DatabaseId, TenantId } from '@leasehold/foundation';
import { equalVersions, PHASES } from '@leasehold/foundation';
import type { HopFrame } from '@leasehold/protocol';
import {
  COST_HEADER,
  entryBytes,
  EXPIRES_AT_HEADER,
  formatCost,
  formatEntityTag,
  formatExpiry,
  HOP_PHASES_HEADER,
  parseKey64,
  parseReadCondition,
  readUnitsOf,
} from '@leasehold/protocol';
import type { Logger, RequestAccounts, RequestTimes, RouteCounts } from '@leasehold/service-kit';

import type { WorkerSession } from '../worker-session.js';
import { ROUTE } from './key-frames.js';
import { plainReadHeadOf } from './plain-read-head.js';
import type { PlainReadHead } from './plain-read-head.js';

export interface PlainReadsParts {
  readonly worker: Pick<WorkerSession, 'access' | 'session' | 'requests'>;
  readonly times: Pick<RequestTimes, 'tell'>;
  readonly accounts: RequestAccounts;
  readonly logger: Logger;
  readonly clock: Clock;
}

const NO_BODY = new Uint8Array(0);
/** Of the read at hand: it is nowhere but here for all of its time. */
const spent: number[] = PHASES.map(() => 0);
const OTHER = PHASES.indexOf('other');

/**
 * The short way of reads whose answer is in memory, ahead of the route: it is looked up, checked (S1) and sent in one go, and nothing else has a
 * turn meanwhile. What it answers is what the route would answer, and counts where that counts. Where anything is not as it expects, it has
 * touched nothing, and the route has the request.
 */
export class PlainReads {
  private readonly counts: RouteCounts;

  constructor(private readonly parts: PlainReadsParts) {
    this.counts = parts.accounts.metrics.of('GET', ROUTE);
  }

  /** @returns whether it was answered */
  answer({ head }: HopFrame, send: (head: string, body: Uint8Array) => void): boolean {
    const { accounts, clock } = this.parts;
    const beganMs = clock.monotonic();
    const read = plainReadHeadOf(head);
    if (read === undefined || accounts.drain.stopping) return false;
    const found = this.lookUp(read);
    if (found === undefined) return false;
    const elapsedMs = clock.monotonic() - beganMs;
    spent[OTHER] = elapsedMs;
    send(`${found.head}\n${HOP_PHASES_HEADER}\n${this.parts.times.tell(spent, elapsedMs)}`, found.body);
    this.count(found.status, elapsedMs);
    return true;
  }

  /** Undefined where there is something to wait for, or to refuse. */
  private lookUp({ databaseId, tenantId, key64, ifNoneMatch }: PlainReadHead): Found | undefined {
    const { worker } = this.parts;
    try {
      const open = worker.access.databases.get(databaseId as DatabaseId);
      if (open === undefined || open.head.tenantId !== tenantId) return undefined;
      const condition = parseReadCondition({ 'if-none-match': ifNoneMatch });
      const entry = open.lookupNow(parseKey64(key64))?.entry;
      if (entry === undefined) return undefined;
      const work = { tenantId: tenantId as TenantId, databaseId: databaseId as DatabaseId, units: 1 };
      if (!worker.requests.pass(work)) return undefined;
      // Nothing is awaited between this and the send.
      worker.session.assertServing();
      const cost = formatCost({ readUnits: readUnitsOf(entryBytes(entry)), writeUnits: 0 });
      const expiry = formatExpiry(entry.expiresAt);
      const ends = expiry === undefined ? '' : `\n${EXPIRES_AT_HEADER}\n${expiry}`;
      const fields = `\n${COST_HEADER}\n${cost}\netag\n${formatEntityTag(entry.version)}\ncache-control\nno-store${ends}`;
      if (condition.kind === 'other-than' && equalVersions(condition.version, entry.version)) {
        return { status: 304, head: `304${fields}`, body: NO_BODY };
      }
      return { status: 200, head: `200${fields}\ncontent-type\napplication/octet-stream`, body: entry.value };
    } catch {
      // The route finds the same, and says it.
      return undefined;
    }
  }

  private count(status: number, elapsedMs: number): void {
    const { logger } = this.parts;
    const seconds = elapsedMs / 1_000;
    this.counts.record(status, seconds);
    if (logger.isLevelEnabled('debug')) logger.debug({ method: 'GET', route: ROUTE, status, seconds }, 'request');
  }
}

interface Found {
  readonly status: number;
  readonly head: string;
  readonly body: Uint8Array;
}
