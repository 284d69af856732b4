import { decodeUtf8, type TenantId } from '@leasehold/foundation';
import { formatInternalChangesQuery, isErrorCode, ProblemError, THROUGH_HEADER } from '@leasehold/protocol';
import type { ChangesQuery } from '@leasehold/protocol';

import { presenceOf } from '../forwarding/client-presence.js';
import type { ForwardedRequest, Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import type { FeedPart } from './feed.js';

export interface FeedRequest extends Pick<ForwardedRequest, 'database' | 'headers' | 'requestId'> {
  readonly query: Pick<ChangesQuery, 'prefix' | 'encoding'>;
}

/** Asks workers for parts of one feed. */
export class FeedRequests {
  constructor(
    private readonly forwarder: Pick<Forwarder, 'forward'>,
    /** Room for a part, until it is left. */
    private readonly admitPart: (tenantId: TenantId, sizeBytes: number) => () => void,
    private readonly request: FeedRequest,
  ) {}

  /**
   * @param since undefined asks for the place of the last commit
   * @throws ProblemError what the worker answered instead of a part; as `Forwarder.forward`
   */
  async part(since: number | undefined, waitMs: number, signal: AbortSignal): Promise<FeedPart> {
    const { query, ...request } = this.request;
    let taken = (): void => undefined;
    const admitAnswer = (sizeBytes: number): void => {
      taken();
      taken = this.admitPart(request.database.tenantId, sizeBytes);
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

/** What the worker has refused, as it told it. */
function refusalOf({ status, body }: WorkerAnswer): ProblemError {
  const { code, detail, retryAfterMs } = membersOf(body);
  if (typeof code !== 'string' || !isErrorCode(code)) {
    return new ProblemError('internal', 'the worker did not understand the gateway', {
      cause: new Error(`worker answered ${status} without a problem`),
    });
  }
  return new ProblemError(code, String(detail), typeof retryAfterMs === 'number' ? { retryAfterMs } : {});
}

function membersOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(decodeUtf8(body) ?? '') as Record<string, unknown>;
  } catch {
    return {};
  }
}
