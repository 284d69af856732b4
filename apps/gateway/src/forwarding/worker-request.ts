import type { Patience } from '@leasehold/routing';

/** One attempt of a request, as it goes to a worker. */
export interface WorkerRequest extends Pick<Patience, 'timeoutMs' | 'blameSilence'> {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Of the hop, where it goes as a request of its own. */
  readonly sign?: () => string;
  /** It may go over a connection that it shares with others: it is short, and so is its answer. */
  readonly frameable?: boolean;
  /** Told the size of the answer before it is read. When it throws, the attempt ends with that error. */
  readonly admitAnswer?: (sizeBytes: number) => void;
  /** Of a read that waits at the worker for something to happen: it goes over connections apart, and is called back when this aborts. */
  readonly gone?: AbortSignal;
}
