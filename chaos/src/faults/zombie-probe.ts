import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { decodeSessionRecord } from '@leasehold/lease';

import type { Child } from '../fleet/child.js';
import { HttpClient } from '../load/http-client.js';
import { internalRoute } from '../load/internal-route.js';
import { isServed, outcomeOf } from '../load/outcome.js';
import type { TenantDatabase } from '../load/tenant-database.js';
import type { ChaosWorld } from './chaos-world.js';

/** Databases that a worker is asked for when it goes on. */
const DATABASES_LIMIT = 16;
const STATS_AT_ONCE = 16;
const BURST_MS = 1_500;
const BURST_INTERVAL_MS = 50;
/** Of a burst, on their way at a time. */
const OPEN_LIMIT = 400;

/**
 * Asks a worker directly, past the gateways, for databases that it owned before it was stopped: requests that wait in its sockets when it goes on are
 * the first thing that it does.
 */
export class ZombieProbe {
  private readonly client: HttpClient;
  private readonly sent: Promise<void>[] = [];
  private open = 0;
  /** Each time another key of each database. */
  private fired = 0;
  private sealed = false;

  private constructor(
    private readonly world: ChaosWorld,
    private readonly session: SessionId | undefined,
    private readonly databases: readonly TenantDatabase[],
    url: string,
  ) {
    this.client = new HttpClient(url);
  }

  /** Finds out what the worker owns now. */
  static async aim(world: ChaosWorld, worker: Child): Promise<ZombieProbe> {
    const owned: TenantDatabase[] = [];
    let session: SessionId | undefined;
    for (let at = 0; at < world.databases.length; at += STATS_AT_ONCE) {
      await Promise.all(
        world.databases.slice(at, at + STATS_AT_ONCE).map(async (database) => {
          const owner = await ownerOf(world, database);
          if (owner === undefined || owner.pid !== worker.pid) return;
          session = owner.session;
          owned.push(database);
        }),
      );
    }
    const now = () => world.clock.now();
    const direct = owned.slice(0, DATABASES_LIMIT).map((database) => {
      const { id, tenantId, name } = database;
      return database.by(internalRoute({ id, tenantId, name, secret: world.fleet.internalSecret, now }));
    });
    return new ZombieProbe(world, session, direct, worker.url);
  }

  get owned(): number {
    return this.databases.length;
  }

  /** Looks whether others have sealed its session by now. From then on nothing that it acknowledges can be right. */
  async look(): Promise<boolean> {
    if (this.session === undefined) return false;
    const object = await this.world.store.get(bucketLayout.session(this.session));
    this.sealed =
      object === undefined || object === 'not-modified' || decodeSessionRecord(object.body).state !== 'live';
    this.world.zombies[this.sealed ? 'sealedWorkers' : 'spared']++;
    return this.sealed;
  }

  /** A read and a write of each database. Nobody waits for the answers. */
  fire(): void {
    this.fired++;
    for (const database of this.databases) {
      if (this.open + 2 > OPEN_LIMIT) return;
      const nowMs = this.world.clock.monotonic();
      const keys = database.record.keyNames;
      const key = keys[this.fired % keys.length] ?? 'r/00';
      const requests = [
        database.get(key, nowMs),
        database.prepare({ kind: 'put', key: 'r/00', sizeBytes: 100 }, nowMs),
      ];
      for (const prepared of requests) this.sent.push(this.ask(prepared));
    }
  }

  /** Fires again and again for a moment. Resolves when all has been answered. */
  async burst(): Promise<void> {
    for (let passedMs = 0; passedMs < BURST_MS; passedMs += BURST_INTERVAL_MS) {
      this.fire();
      await this.world.pause(BURST_INTERVAL_MS);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.sent);
    await this.client.close();
  }

  private async ask({ request, isWrite, judge }: ReturnType<TenantDatabase['get']>): Promise<void> {
    const { zombies, findings, clock } = this.world;
    this.open++;
    zombies.requests++;
    const outcome = outcomeOf(await this.client.send(request));
    this.open--;
    const staleBefore = findings.count('stale');
    judge(outcome, clock.monotonic());
    zombies.stale += findings.count('stale') - staleBefore;
    if (!isServed(outcome)) zombies.refused++;
    else if (isWrite && this.sealed && outcome.kind === 'done') zombies.acknowledged++;
    else zombies.answered++;
  }
}

async function ownerOf(
  world: ChaosWorld,
  database: TenantDatabase,
): Promise<{ readonly pid: number; readonly session: SessionId } | undefined> {
  const [gateway] = world.gateways();
  const answer = await gateway?.send(database.stats());
  if (answer === undefined || 'error' in answer || answer.status !== 200) return undefined;
  const stats = JSON.parse(Buffer.from(answer.body).toString('utf8')) as {
    readonly owner: { readonly pid: number; readonly session: SessionId } | null;
  };
  return stats.owner ?? undefined;
}
