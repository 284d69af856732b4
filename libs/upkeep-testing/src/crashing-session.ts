import { CommitLog } from '@leasehold/commit-log';
import { commitOf, emptyHead, encodeCommits, HeadStore, NEVER } from '@leasehold/engine';
import { utf8, type DatabaseId, type SessionId, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { Session } from '@leasehold/lease';
import type { SettleContext } from '@leasehold/object-store';

export const TTL_MS = 5_000;

/** A session that claims databases, commits to them, and is killed when a test says so. */
export class CrashingSession {
  private readonly heads: HeadStore;

  private constructor(
    private readonly ctx: SettleContext,
    private readonly session: Session,
    private readonly log: CommitLog,
  ) {
    this.heads = new HeadStore(ctx);
  }

  static async start(ctx: SettleContext, ttlMs = TTL_MS): Promise<CrashingSession> {
    const settings = { endpoint: 'http://127.0.0.1:1', pid: 1, host: 'here', ttlMs };
    const session = await settled(ctx, Session.start(ctx, settings));
    return new CrashingSession(ctx, session, new CommitLog({ ...ctx, session }));
  }

  get id(): SessionId {
    return this.session.id;
  }

  async claim(databaseId: DatabaseId): Promise<void> {
    const identity = { databaseId, tenantId: 'tenant' as TenantId, name: 'orders' };
    await this.heads.create({ ...emptyHead(identity), epoch: 1, owner: this.id });
  }

  /** Key `k<sequence>`, value `v<sequence>`, in one commit; acknowledged when this resolves. */
  async commit(databaseId: DatabaseId, sequence: number): Promise<void> {
    const version = { epoch: 1, sequence };
    const entry = { key: utf8(`k${sequence}`), version, kind: 'put', value: utf8(`v${sequence}`), expiresAt: NEVER };
    const commit = commitOf(version, [{ ...entry, kind: 'put' as const }], { committedAt: this.ctx.clock.now() });
    const payload = encodeCommits([commit]);
    const frame = { databaseId, epoch: 1, firstSequence: sequence, lastSequence: sequence, payload };
    await settled(this.ctx, this.log.append(frame));
  }

  /** As kill -9: no renewal follows. */
  kill(): void {
    this.session.stop();
  }
}

/** Under a clock that stands still, time has to be run. */
function settled<T>({ clock }: SettleContext, work: Promise<T>): Promise<T> {
  return clock instanceof FakeClock ? clock.settle(work) : work;
}
