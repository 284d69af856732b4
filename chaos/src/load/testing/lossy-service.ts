import { formatVersion, parseVersion } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';

import type { HttpRequest } from '../http-client.js';
import type { HttpAnswer, NoAnswer } from '../outcome.js';

export interface LossySettings {
  /** Of the requests, how many are not received, and of how many the answer is lost. */
  readonly lostBefore: number;
  readonly lostAfter: number;
  /** As it must not be: a service that forgets which idempotency keys it has seen. */
  readonly forgetsKeys?: boolean;
  /** As it must not be: a gateway that sends what has no key again when its answer is lost. */
  readonly sendsAgain?: boolean;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly version: string;
}

const NOTHING = new Uint8Array(0);
const LOST: NoAnswer = { error: 'ECONNRESET', neverSent: false };

/** One database as the public API shows it, behind a connection that breaks. */
export class LossyService {
  private readonly values = new Map<string, Stored>();
  private readonly done = new Map<string, HttpAnswer>();
  private sequence = 0;
  private readonly sums = new Set<string>();
  lostAnswers = 0;
  /** Sums that came again and had no idempotency key. */
  sentTwice = 0;

  constructor(
    private readonly settings: LossySettings,
    private readonly random: Random,
  ) {}

  async send(request: HttpRequest): Promise<HttpAnswer | NoAnswer> {
    const { lostBefore, lostAfter, sendsAgain = false } = this.settings;
    // Nobody is told in the turn in which they ask.
    await Promise.resolve();
    this.noteSum(request);
    const draw = this.random.fraction();
    if (draw < lostBefore) return LOST;
    const answer = this.serve(request);
    if (draw >= lostBefore + lostAfter) return answer;
    if (sendsAgain && request.method !== 'GET') this.serve(request);
    this.lostAnswers++;
    return LOST;
  }

  async close(): Promise<void> {}

  private noteSum({ method, headers, body = NOTHING }: HttpRequest): void {
    if (method !== 'POST' || headers['idempotency-key'] !== undefined) return;
    const sum = Buffer.from(body).toString();
    if (this.sums.has(sum)) this.sentTwice++;
    this.sums.add(sum);
  }

  private serve(request: HttpRequest): HttpAnswer {
    const { method, path, headers } = request;
    const key = headers['idempotency-key'];
    const before = key === undefined || this.settings.forgetsKeys === true ? undefined : this.done.get(key);
    if (before !== undefined) return { ...before, isReplayed: true };
    const resource = path.slice(path.indexOf('/', '/v1/db/'.length) + 1);
    const answer = method === 'GET' ? this.read(resource) : this.write(request, resource);
    if (key !== undefined && answer.status === 200) this.done.set(key, answer);
    return answer;
  }

  private read(resource: string): HttpAnswer {
    const prefix = /^keys\?prefix=([^&]*)/.exec(resource)?.[1];
    if (prefix !== undefined) {
      const keys = [...this.values.keys()].filter((key) => key.startsWith(decodeURIComponent(prefix))).sort();
      const entries = keys.map((key) => {
        const { bytes, version } = this.values.get(key) as Stored;
        return { key: base64(Buffer.from(key)), value: base64(bytes), version };
      });
      return told(200, undefined, { entries, cursor: null });
    }
    const found = this.values.get(keyIn(resource));
    if (found === undefined) return told(404, undefined, { code: 'key-not-found' });
    return { status: 200, version: parseVersion(found.version), body: found.bytes };
  }

  private write({ method, headers, body = NOTHING }: HttpRequest, resource: string): HttpAnswer {
    if (method === 'POST') return this.sum(body);
    const key = keyIn(resource);
    const present = this.values.get(key)?.version;
    const isMatch = headers['if-match'] === undefined || headers['if-match'] === `"${present}"`;
    if (!isMatch || (headers['if-none-match'] === '*' && present !== undefined)) {
      return told(412, undefined, { code: 'precondition-failed', version: present ?? null });
    }
    const version = this.nextVersion();
    if (method === 'PUT') this.values.set(key, { bytes: body, version });
    else this.values.delete(key);
    return told(200, version, {});
  }

  private sum(body: Uint8Array): HttpAnswer {
    const { ops } = JSON.parse(Buffer.from(body).toString()) as { ops: { key: string; operand: string }[] };
    const version = this.nextVersion();
    for (const { key, operand } of ops) {
      const bytes = Buffer.alloc(8);
      const present = this.values.get(key);
      const number = present === undefined ? 0n : Buffer.from(present.bytes).readBigUInt64LE();
      bytes.writeBigUInt64LE(number + BigInt(operand));
      this.values.set(key, { bytes, version });
    }
    return told(200, undefined, { version, effect: 'committed' });
  }

  private nextVersion(): string {
    return formatVersion({ epoch: 1, sequence: ++this.sequence });
  }
}

function told(status: number, version: string | undefined, body: object): HttpAnswer {
  return {
    status,
    version: version === undefined ? undefined : parseVersion(version),
    body: Buffer.from(JSON.stringify(body)),
  };
}

function keyIn(resource: string): string {
  return decodeURIComponent(resource.slice('keys/'.length));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
