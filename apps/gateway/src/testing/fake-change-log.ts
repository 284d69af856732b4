import {
  formatChangeEvent,
  formatPosition,
  parseInternalChangesQuery,
  rawQueryOf,
  THROUGH_HEADER,
} from '@leasehold/protocol';
import type { InternalChangesQuery } from '@leasehold/protocol';

import { answerProblem } from './fake-worker.js';
import type { Behaviour } from './fake-worker.js';

const POLL_MS = 5;

/** The commits of one database, one put each, that any number of fake workers serve. */
export class FakeChangeLog {
  readonly asked: InternalChangesQuery[] = [];
  /** Of those asked, the ones that wait now. */
  waiting = 0;
  /** Parts hold at most so many. */
  partCommits = 1_000;
  private readonly values: string[] = [];

  commit(...values: readonly string[]): void {
    this.values.push(...values);
  }

  idOf(sequence: number): string {
    return `00000001${sequence.toString(16).padStart(12, '0')}`;
  }

  get ids(): readonly string[] {
    return this.values.map((_, index) => this.idOf(index + 1));
  }

  /** As the real worker answers. */
  readonly serve: Behaviour = async ({ path }, response) => {
    const query = parseInternalChangesQuery(rawQueryOf(path));
    this.asked.push(query);
    const { since = this.values.length, waitMs, encoding } = query;
    if (since > this.values.length) return answerProblem(response, 'invalid-version');
    const endsAt = performance.now() + waitMs;
    this.waiting++;
    while (this.values.length <= since && performance.now() < endsAt && !response.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.waiting--;
    const told = this.values.slice(since, since + this.partCommits);
    const key = Buffer.from('k');
    const events = told.map((value, index) => {
      const version = { epoch: 1, sequence: since + index + 1 };
      const entry = { key, kind: 'put', value: Buffer.from(value), expiresAt: Infinity } as const;
      return formatChangeEvent({ version, entries: [entry], rangeDeletes: [] }, encoding);
    });
    if (query.since === undefined) events.push(formatPosition({ epoch: since === 0 ? 0 : 1, sequence: since }));
    const body = events.join('');
    response
      .writeHead(200, { 'content-length': Buffer.byteLength(body), [THROUGH_HEADER]: String(since + told.length) })
      .end(body);
  };
}
