import type { Head, Pin } from '@leasehold/engine';
import { BlockCache, pinDatabase, unpin, View } from '@leasehold/engine';
import type { Random } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';

import { databaseOf } from '../workload/databases.js';
import { explain } from '../world/explain.js';
import { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';

const CACHE_BYTES = 1024 * 1024;
const PAGE_ENTRIES = 1_000;
/** Between pin and reading, at most: compactions and collections have their time. */
const HOLD_MS = 12_000;
/** A scan is many requests, each of which may come damaged. */
const READ_TRIES = 50;
/** In place of what files say, before the reason why they do not. */
const NOTHING = 'nothing: ';

/**
 * Pins the files of a database, reads them much later, as exports, replicas and branches do (G2), and finds in them what the pinned head had. Its own process; its
 * requests fail as everybody's do.
 */
export class Exporter {
  private isOver = false;
  private readonly process: SimProcess;
  private readonly random: Random;

  constructor(
    private readonly world: VirtualWorld,
    private readonly databases: number,
    private readonly everyMs: number,
  ) {
    this.process = new SimProcess(world, 'exporter', 'exporter');
    this.random = world.stream('exporter draws');
  }

  async run(): Promise<void> {
    const { clock } = this.world;
    while (!this.isOver) {
      await clock.sleep(Math.ceil(this.random.fraction() * this.everyMs));
      if (!this.isOver) await this.export(Math.floor(this.random.fraction() * this.databases));
    }
  }

  end(): void {
    this.isOver = true;
    this.process.bucket.rates = {};
  }

  private async export(database: number): Promise<void> {
    const { databaseId } = databaseOf(database);
    const { ctx, world } = this.process;
    try {
      const pinned = await pinDatabase(ctx, databaseId, { holder: databaseId, purpose: 'export' });
      if (pinned === undefined) return;
      world.counts.pins++;
      await this.hold(database, pinned);
      await unpin(ctx.store, pinned.pin);
    } catch (error) {
      if (isLeaseholdError(error) && error.kind !== 'internal') return;
      world.violations.push({ rule: 'no internal error', database, what: `export: ${explain(error)}` });
    }
  }

  /** Files say something as soon as they are pinned, and what they say at once is what they say later, or gc has taken one away. */
  private async hold(database: number, { head }: { readonly pin: Pin; readonly head: Head }): Promise<void> {
    const before = await this.contents(head);
    if (before?.startsWith(NOTHING) === true) return this.tell(database, head, `say ${before}`);
    await this.world.clock.sleep(this.random.fraction() * HOLD_MS);
    const after = await this.contents(head);
    if (before === undefined || after === undefined || before === after) return;
    this.tell(database, head, `say ${after}, not ${before}`);
  }

  private tell(database: number, { lastCommit }: Head, words: string): void {
    const what = `pinned files of version ${lastCommit.sequence} ${words}`;
    this.world.violations.push({ rule: 'G2', database, what });
  }

  private async contents(head: Head): Promise<string | undefined> {
    const { store } = this.process.ctx;
    for (let tries = 1; ; tries++) {
      try {
        // A cache of its own each time: what was read before must still be there.
        const files = { store, cache: new BlockCache(CACHE_BYTES) };
        const view = new View({ memtables: [], head, files, now: head.lastCommittedAt });
        const { entries } = await view.scan({ limit: PAGE_ENTRIES });
        return entries
          .map(({ key, version }) => `${Buffer.from(key).toString('latin1')}@${version.sequence}`)
          .join(' ');
      } catch (error) {
        if (isLeaseholdError(error, 'unavailable')) return undefined;
        // What is damaged on its way is read again.
        if (tries < READ_TRIES && isLeaseholdError(error, 'corrupt')) continue;
        return `${NOTHING}${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
}
