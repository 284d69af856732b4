import type { Commit, Head } from '@leasehold/engine';
import { FLUSH_SETTINGS, flushInto, Memtable } from '@leasehold/engine';
import { assert } from '@leasehold/foundation';
import { UnknownOutcomeError } from '@leasehold/object-store';

/**
 * A write to a database that this session does not own yet, for the claim to carry: a cold write is then a GET and a CAS.
 *
 * @param head what the claim is about to put, at the new epoch and still without this commit; everything in it is durable
 *   once the claim is
 * @returns the commit, of `{ epoch: head.epoch, sequence: head.lastCommit.sequence + 1 }`, and what its caller is answered
 *   when it is durable. Undefined where the head alone does not decide whether and how to write: then the database is claimed
 *   without it and the write takes the way of every other.
 *
 * Pure and synchronous. It may be asked again, for the head that won a race, and an earlier answer is then void. It does not
 * throw: no answer but the acknowledgement of a commit may be drawn from a head that nobody owns yet.
 */
export type FirstCommit<T> = (head: Head) => { readonly commit: Commit; readonly answer: T } | undefined;

/** How a first commit ended: carried and durable, or left to be written over the claimed database. */
export type Carriage<T> = { readonly carried: true; readonly answer: T } | { readonly carried: false };

/**
 * One first commit on its way into the head.
 *
 *     waiting → (sent ⇄ refused) → done | unknown
 *
 * Whoever asked for it may stop waiting at any time: before it is sent it is withdrawn, and nothing of it will ever be applied; afterwards
 * only the store knows.
 */
export class CarriedCommit<T> {
  /** Rejects with UnknownOutcomeError when the CAS that carried it stayed unclear, or as the claim did. */
  readonly ended: Promise<Carriage<T>>;
  private resolve!: (carriage: Carriage<T>) => void;
  private reject!: (error: unknown) => void;
  private state: 'waiting' | 'withdrawn' | 'sent' | 'over' = 'waiting';
  private loaded: { readonly answer: T } | undefined;
  private isWanted = true;

  constructor(private readonly first: FirstCommit<T>) {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // It may end when nobody waits any more.
    this.ended.catch(() => undefined);
  }

  /** True once {@link ended} has settled, or is about to. */
  get isOver(): boolean {
    return this.state === 'over';
  }

  /** The head with the commit in its inline run; undefined when it has to go another way. */
  async loadInto(head: Head): Promise<Head | undefined> {
    this.loaded = undefined;
    if (this.state !== 'waiting') return undefined;
    const built = this.first(head);
    if (built === undefined) return undefined;
    const { version } = built.commit;
    assert(
      version.epoch === head.epoch && version.sequence === head.lastCommit.sequence + 1,
      'a first commit continues its head',
    );
    const full = await filled(head, built.commit);
    if (full !== undefined) this.loaded = { answer: built.answer };
    return full;
  }

  /** Right before the CAS: whether what was loaded may go. False when nobody wants it any more. */
  send(): boolean {
    if (this.state !== 'waiting' || this.loaded === undefined) return false;
    this.state = 'sent';
    return true;
  }

  /** The CAS was applied: durable, whoever owns the database by now. */
  arrive(): void {
    assert(this.state === 'sent' && this.loaded !== undefined, 'only what was sent arrives');
    this.state = 'over';
    this.resolve({ carried: true, answer: this.loaded.answer });
  }

  /** The CAS was not applied and never will be: the next one may carry it, unless its caller has gone with an unknown outcome. */
  refuse(): void {
    assert(this.state === 'sent', 'only what was sent is refused');
    this.state = this.isWanted ? 'waiting' : 'withdrawn';
  }

  /** Nobody knows whether the CAS was or will be applied (P1): this write is never tried again, for it may have been. */
  lose(cause: unknown): void {
    assert(this.state === 'sent', 'only what was sent is lost');
    this.state = 'over';
    this.reject(
      new UnknownOutcomeError('whether the claim that carried the commit was applied is not known', { cause }),
    );
  }

  /** The database is claimed, or is not; the commit, unless that was decided before, went nowhere. */
  leave(claim: { readonly failedWith: unknown } | undefined): void {
    if (this.state === 'over') return;
    this.state = 'over';
    if (claim) this.reject(claim.failedWith);
    else this.resolve({ carried: false });
  }

  /** Its caller waits no longer. True: nothing was or will be applied. False: at most what was sent already is. */
  withdraw(): boolean {
    this.isWanted = false;
    if (this.state === 'waiting') this.state = 'withdrawn';
    return this.state === 'withdrawn';
  }
}

/** What the claim does with it, whatever its caller is answered. */
export type Cargo = Pick<CarriedCommit<unknown>, 'loadInto' | 'send' | 'arrive' | 'refuse' | 'lose' | 'leave'>;

/** Undefined when it would take a file to make room: that is work for a flush, behind the log, not for a caller to wait for. */
async function filled(head: Head, commit: Commit): Promise<Head | undefined> {
  const memtable = new Memtable();
  memtable.put(commit);
  try {
    return await flushInto(head, memtable.freeze(), FLUSH_SETTINGS, () => Promise.reject(new NoRoomInline()));
  } catch (error) {
    if (error instanceof NoRoomInline) return undefined;
    throw error;
  }
}

class NoRoomInline extends Error {}
