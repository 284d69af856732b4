import { compareBytes, equalVersions, formatVersion, toBase64Url } from '@leasehold/foundation';
import type { ByteRange, ListedEntry, TransactionCheck, TransactionRequest } from '@leasehold/protocol';
import {
  decodeTransaction,
  formatSnapshot,
  parseInternalChangesQuery,
  parseKey64,
  parseSnapshotBody,
  rawQueryOf,
  THROUGH_HEADER,
} from '@leasehold/protocol';
import type { ServerResponse } from 'node:http';

import { answerJson, answerProblem } from './fake-worker.js';
import type { Behaviour } from './fake-worker.js';

const POLL_MS = 5;

/** The entries of one database in memory: reads, transactions of puts and deletes, and word that something has changed. */
export class FakeEntries {
  /** Pages end after so many entries. */
  pageEntries = 1_000;
  /** The next so many reads of an earlier state find that it is gone. */
  lostStates = 0;
  readonly applied: TransactionRequest[] = [];
  private entries: readonly ListedEntry[] = [];
  private sequence = 0;

  put(key: Uint8Array, value: Uint8Array): void {
    const version = { epoch: 1, sequence: ++this.sequence };
    this.entries = [...this.without(key), { key, value, version }].sort((a, b) => compareBytes(a.key, b.key));
  }

  delete(key: Uint8Array): void {
    this.sequence++;
    this.entries = this.without(key);
  }

  readonly serve: Behaviour = async ({ method, path, body }, response) => {
    const [, resource = ''] = /^\/internal\/v1\/databases\/[^/]*\/([^?/]*)/.exec(path) ?? [];
    if (method === 'GET' && resource === 'keys64') return this.get(path, response);
    if (resource === 'reads') return this.read(body, response);
    if (resource === 'transactions') return this.transact(decodeTransaction(body), response);
    if (resource === 'changes') return this.changes(path, response);
    return answerProblem(response, 'route-not-found');
  };

  private get(path: string, response: ServerResponse): void {
    const key = parseKey64(path.slice(path.lastIndexOf('/') + 1));
    const entry = this.find(key);
    if (entry === undefined) return answerProblem(response, 'key-not-found', { 'leasehold-cost': 'read=1, write=0' });
    response
      .writeHead(200, { etag: `"${formatVersion(entry.version)}"`, 'leasehold-cost': 'read=1, write=0' })
      .end(entry.value);
  }

  private read(body: Uint8Array, response: ServerResponse): void {
    const asked = parseSnapshotBody(body);
    if (asked.at !== undefined && this.lostStates > 0) {
      this.lostStates--;
      return answerProblem(response, 'history-gone');
    }
    const result = {
      version: { epoch: this.sequence === 0 ? 0 : 1, sequence: this.sequence },
      gets: asked.gets.map((key) => this.find(key)),
      lists: asked.lists.map((list) => {
        const found = this.entries.filter(({ key }) => holds(list, key));
        if (list.reverse) found.reverse();
        const entries = found.slice(0, Math.min(list.limit, this.pageEntries));
        return { entries, more: entries.length < found.length };
      }),
    };
    answerJson(response, 200, JSON.parse(formatSnapshot(result, asked)), { 'leasehold-cost': 'read=2, write=0' });
  }

  private transact(transaction: TransactionRequest, response: ServerResponse): void {
    const failedCheck = transaction.checks.findIndex((check) => !this.passes(check));
    if (failedCheck >= 0) {
      return answerJson(
        response,
        412,
        { code: 'precondition-failed', failedCheck },
        { 'leasehold-cost': 'read=1, write=0' },
      );
    }
    this.applied.push(transaction);
    const version = { epoch: 1, sequence: this.sequence + 1 };
    for (const op of transaction.ops) {
      if (op.op === 'put') this.put(op.key, op.value);
      else if (op.op === 'delete') this.delete(op.key);
    }
    this.sequence = version.sequence;
    const effect = 'committed';
    answerJson(response, 200, { version: formatVersion(version), effect }, { 'leasehold-cost': 'read=0, write=1' });
  }

  private async changes(path: string, response: ServerResponse): Promise<void> {
    const { since = this.sequence, waitMs } = parseInternalChangesQuery(rawQueryOf(path));
    const endsAt = performance.now() + waitMs;
    while (this.sequence <= since && performance.now() < endsAt && !response.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    response.writeHead(200, { 'content-length': 0, [THROUGH_HEADER]: String(this.sequence) }).end();
  }

  private passes(check: TransactionCheck): boolean {
    if (check.kind === 'range') return true;
    const { precondition } = check;
    const found = this.find(check.key)?.version;
    if (precondition.kind === 'version') return found !== undefined && equalVersions(found, precondition.version);
    return precondition.kind === 'absent' ? found === undefined : true;
  }

  private find(key: Uint8Array): ListedEntry | undefined {
    return this.entries.find((entry) => toBase64Url(entry.key) === toBase64Url(key));
  }

  private without(key: Uint8Array): readonly ListedEntry[] {
    return this.entries.filter((entry) => toBase64Url(entry.key) !== toBase64Url(key));
  }
}

function holds({ start, end }: ByteRange, key: Uint8Array): boolean {
  return (start === undefined || compareBytes(key, start) >= 0) && (end === undefined || compareBytes(key, end) < 0);
}
