import type { TenantId } from '@leasehold/foundation';
import { formatInternalChangesQuery, ProblemError, THROUGH_HEADER } from '@leasehold/protocol';
import type { ChangesQuery, InternalChangesQuery } from '@leasehold/protocol';

import { presenceOf } from '../forwarding/client-presence.js';
import type { ForwardedRequest, Forwarder } from '../forwarding/forwarder.js';
import { refusalOf } from '../forwarding/refusal.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import type { FeedPart } from './feed.js';

export interface FeedRequest extends Pick<ForwardedRequest, 'database' | 'headers' | 'requestId'> {
  /** Who asks: the places that it takes are never those of whose database it is. */
  readonly tenantId: TenantId;
  readonly query: Pick<ChangesQuery, 'prefix' | 'encoding'> & Pick<InternalChangesQuery, 'maxCommits'>;
}

/** Asks workers for parts of one feed. */
export class FeedRequests {
  constructor(
    private readonly forwarder: Pick<Forwarder, 'forward' | 'lastOwner'>,
    /** Room for a part, until it is left. */
    private readonly admitPart: (sizeBytes: number) => () => void,
    private readonly request: FeedRequest,
  ) {}

  /**
   * Does not wait for commits where nobody is known who serves the database: whoever may have to wake it has one of the few places for
   * that, which others of the tenant wait for. The answer tells who it is, for the next part.
   * @param since undefined asks for the place of the last commit
   * @throws ProblemError what the worker answered instead of a part; as `Forwarder.forward`
   */
  async part(since: number | undefined, atMostMs: number, signal: AbortSignal): Promise<FeedPart> {
    const { query, ...request } = this.request;
    const waitMs = this.forwarder.lastOwner(request.database.id) === undefined ? 0 : atMostMs;
    let taken = (): void => undefined;
    const admitAnswer = (sizeBytes: number): void => {
      taken();
      taken = this.admitPart(sizeBytes);
    };
    try {
      const answer = await this.forwarder.forward({
        ...request,
        method: 'GET',
        resource: `changes?${formatInternalChangesQuery({ ...query, since, waitMs })}`,
        body: undefined,
        client: presenceOf(signal),
        waiting: { forMs: waitMs, admitAnswer, gone: signal },
      });
      return { text: answer.body, through: throughOf(answer), taken };
    } catch (error) {
      taken();
      throw error;
    }
  }
}

function throughOf(answer: WorkerAnswer): number {
  if (answer.status !== 200) throw refusalOf(answer);
  const through = Number(answer.headers[THROUGH_HEADER]);
  if (Number.isSafeInteger(through)) return through;
  throw new ProblemError('internal', 'the worker did not understand the gateway');
}
