import type { DatabaseId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { ProblemError, type DatabaseInspection } from '@leasehold/protocol';

import { knownDatabases, type KnownAs } from './known-databases.js';
import { askable, firstAnswer, ownerNamed, someLive, untold } from './live-workers.js';
import type { OperatorsBucket } from './operators-bucket.js';
import { ANOTHER_VERSION, type WorkerAsker } from './worker-asker.js';
import type { WorkerView } from './worker-list.js';

export interface InspectionView extends DatabaseInspection, KnownAs {
  /** Null: nobody owns it, and the next request claims it. */
  readonly owner: WorkerView | null;
}

/**
 * Databases, for operators. The control plane reads no head itself: any live worker does, and its owner, where it answers, tells besides what it
 * alone knows (`held`). No key and no value of a tenant is told.
 *
 * Round trips in sequence: a LIST and a GET of sessions, a question to a worker, one LIST and one GET of the owner's record, a question to it. What a
 * worker reads for its answer: one round trip, and one more for each 8 pins.
 */
export class DatabaseInspector {
  /** @param asker undefined: no secret to ask with */
  constructor(
    private readonly bucket: OperatorsBucket,
    private readonly asker: WorkerAsker | undefined,
    private readonly metadata: Metadata,
  ) {}

  /**
   * @throws ProblemError not-found: there is no such database, or it was never written to; corrupt-object: its head is damaged; unavailable: no
   *   worker answers, or there is no secret to ask with. StoreUnavailableError
   */
  async inspect(databaseId: DatabaseId): Promise<InspectionView> {
    if (this.asker === undefined) {
      throw new ProblemError('unavailable', 'this control plane cannot ask workers: LEASEHOLD_OPERATOR_SECRET');
    }
    const { asker } = this;
    const asked = await someLive(this.bucket);
    const told = await firstAnswer(asked, (each) => asker.inspectionOf(each, databaseId));
    if (told === undefined || told === ANOTHER_VERSION) throw untold(asked, told);
    if (told === 'none') throw new ProblemError('not-found', 'there is no such database, or it was never written to');
    if (told === 'damaged') throw new ProblemError('corrupt-object', 'the head of the database is damaged');
    const owner = await ownerNamed(this.bucket, told.head.owner);
    const known = (await knownDatabases(this.metadata, [databaseId]))(databaseId);
    return { ...(await this.byOwner(told, owner)), ...known, owner };
  }

  /** The same as its owner tells it, which knows more; as it was told where the owner does not answer, or is not the owner any more. */
  private async byOwner(told: DatabaseInspection, owner: WorkerView | null): Promise<DatabaseInspection> {
    const asked = owner === null ? undefined : askable(owner);
    if (told.held !== null || asked === undefined) return told;
    const own = await this.asker?.inspectionOf(asked, told.databaseId as DatabaseId);
    const isOwners = typeof own === 'object' && own.held !== null && own.head.owner === told.head.owner;
    return isOwners ? own : told;
  }
}
