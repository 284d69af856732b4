import { isDatabaseId, type DatabaseId, type SessionId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { ProblemError, type OwnedDatabaseLook, type SessionLoad } from '@leasehold/protocol';

import { knownDatabases, type KnownAs } from './known-databases.js';
import { askable, firstAnswer, ofAnotherVersion, ownerNamed, someLive, untold } from './live-workers.js';
import type { OperatorsBucket } from './operators-bucket.js';
import { ANOTHER_VERSION, type AnotherVersion, type WorkerAsker } from './worker-asker.js';
import { readWorker, type WorkerView } from './worker-list.js';

export interface WorkerDetail extends WorkerView {
  /** As the worker itself tells; null where it does not. */
  readonly load: SessionLoad | null;
  /** Why there is no load: it has ended, it does not answer, it is of another version, or this control plane has no secret to ask with. */
  readonly loadMissing: 'ended' | 'no-answer' | AnotherVersion | 'not-configured' | null;
}

export type OwnedDatabaseView = OwnedDatabaseLook & KnownAs;

export interface LeaseView extends KnownAs {
  readonly databaseId: string;
  /** Null: nobody owns it, and the next request claims it. */
  readonly owner: WorkerView | null;
  readonly epoch: number;
  /** Null: nobody owns it, or its owner does not answer. */
  readonly ownedSince: string | null;
  readonly quarantined: boolean;
  /** Its head is a tombstone. */
  readonly deleted: boolean;
}

/**
 * Leases and load for operators. Sessions are read from the bucket; what they own is asked of the workers, who have it in memory: nobody keeps
 * or writes anything for it.
 */
export class WorkerLeases {
  /** @param asker undefined: no secret to ask with */
  constructor(
    private readonly bucket: OperatorsBucket,
    private readonly asker: WorkerAsker | undefined,
    private readonly metadata: Metadata,
  ) {}

  /** @throws ProblemError not-found; StoreUnavailableError */
  async detailOf(session: SessionId): Promise<WorkerDetail> {
    return this.withLoad(await this.worker(session));
  }

  /** Never rejects, and takes no longer than a worker may take to answer. */
  async withLoad(worker: WorkerView): Promise<WorkerDetail> {
    const asked = askable(worker);
    if (asked === undefined) return { ...worker, load: null, loadMissing: 'ended' };
    if (this.asker === undefined) return { ...worker, load: null, loadMissing: 'not-configured' };
    const load = await this.asker.load(asked);
    if (load === ANOTHER_VERSION) return { ...worker, load: null, loadMissing: ANOTHER_VERSION };
    return { ...worker, load: load ?? null, loadMissing: load === undefined ? 'no-answer' : null };
  }

  /**
   * A page of what a session owns, by id.
   * @throws ProblemError not-found; conflict: it is sealed, and what it owned is being recovered; unavailable: it does not answer
   */
  async owned(
    session: SessionId,
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly databases: readonly OwnedDatabaseView[]; readonly next: string | undefined }> {
    if (after !== undefined && !isDatabaseId(after)) throw new ProblemError('invalid-cursor', 'the cursor is damaged');
    const worker = await this.worker(session);
    // It has given everything up.
    if (worker.state === 'clean') return { databases: [], next: undefined };
    const asked = askable(worker);
    if (asked === undefined) throw new ProblemError('conflict', 'the session has ended, what it owned is recovered');
    const found = await this.required().owned(asked, after, limit);
    if (found === undefined) throw new ProblemError('unavailable', 'the worker does not answer');
    if (found === ANOTHER_VERSION) throw ofAnotherVersion();
    const known = await knownDatabases(
      this.metadata,
      found.databases.map(({ databaseId }) => databaseId),
    );
    const databases = found.databases.map((database) => ({ ...database, ...known(database.databaseId) }));
    return { databases, next: found.next ?? undefined };
  }

  /** @throws ProblemError not-found: there is no such database, or it was never written to; corrupt-object: its head is damaged; unavailable: no worker answers */
  async leaseOf(databaseId: DatabaseId): Promise<LeaseView> {
    const asker = this.required();
    const asked = await someLive(this.bucket);
    const told = await firstAnswer(asked, (each) => asker.ownerOf(each, databaseId));
    if (told === undefined || told === ANOTHER_VERSION) throw untold(asked, told);
    if (told === 'none') throw new ProblemError('not-found', 'there is no such database, or it was never written to');
    if (told === 'damaged') throw new ProblemError('corrupt-object', 'the head of the database is damaged');
    const { owner: session, epoch, quarantined, deleted } = told;
    const known = (await knownDatabases(this.metadata, [databaseId]))(databaseId);
    const owner = await ownerNamed(this.bucket, session);
    const ownedSince = told.ownedSince ?? (await this.askedOwner(owner, databaseId, epoch));
    return { databaseId, ...known, owner, epoch, ownedSince, quarantined, deleted };
  }

  private async askedOwner(owner: WorkerView | null, databaseId: DatabaseId, epoch: number): Promise<string | null> {
    const asked = owner === null ? undefined : askable(owner);
    const told = asked && (await this.asker?.ownerOf(asked, databaseId));
    return typeof told === 'object' && told.epoch === epoch ? told.ownedSince : null;
  }

  private async worker(session: SessionId): Promise<WorkerView> {
    const found = await readWorker(this.bucket.store, session, this.bucket.clock.now());
    if (found === undefined) throw new ProblemError('not-found', 'there is no such session');
    return found;
  }

  private required(): WorkerAsker {
    if (this.asker !== undefined) return this.asker;
    throw new ProblemError('unavailable', 'this control plane cannot ask workers: LEASEHOLD_OPERATOR_SECRET');
  }
}
