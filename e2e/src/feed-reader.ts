import type { Random } from '@leasehold/foundation';
import type { ReceivedEvent } from '@leasehold/protocol';
import { EventStreamReader } from '@leasehold/protocol';

export interface FeedAnswer {
  readonly status: number;
  readonly contentType: string | null;
}

/** A reader of a change feed by the public API. What it has heard and the id of the last block are all that it keeps when it is killed. */
export class FeedReader {
  readonly events: ReceivedEvent[] = [];
  readonly errors: ReceivedEvent[] = [];
  connections = 0;
  lastId: string | undefined;
  private call: AbortController | undefined;

  /** @param url of the feed, with its query; it is the same at every connection, as an EventSource has it */
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /**
   * One connection, until it ends or, with `dieAfter`, after so many bytes, wherever that is.
   * @returns undefined when nobody answered
   */
  async connect(dieAfter = Number.POSITIVE_INFINITY): Promise<FeedAnswer | undefined> {
    const call = new AbortController();
    this.call = call;
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}`, accept: 'text/event-stream' };
    if (this.lastId !== undefined) headers['last-event-id'] = this.lastId;
    const response = await fetch(this.url, { headers, signal: call.signal }).catch(() => undefined);
    if (response === undefined) return undefined;
    const answer = { status: response.status, contentType: response.headers.get('content-type') };
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return answer;
    }
    this.connections++;
    await this.listen(response.body, dieAfter);
    call.abort();
    return answer;
  }

  /** Ends the connection that is open. */
  kill(): void {
    this.call?.abort();
  }

  get ids(): readonly string[] {
    return this.events.map(({ id }) => id);
  }

  private async listen(body: ReadableStream<Uint8Array>, dieAfter: number): Promise<void> {
    const stream = new EventStreamReader();
    let left = dieAfter;
    try {
      for await (const chunk of body) {
        for (const event of stream.push(chunk.subarray(0, left))) {
          (event.event === 'message' ? this.events : this.errors).push(event);
        }
        if (stream.lastId !== '') this.lastId = stream.lastId;
        left -= chunk.byteLength;
        if (left <= 0) return;
      }
    } catch {
      // Killed, or the other side was.
    }
  }
}

/** Mostly within the next events, now and then far behind them. */
export function someBytes(random: Random): number {
  return Math.ceil(10 ** (1 + random.fraction() * 5));
}
