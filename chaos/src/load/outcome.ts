import type { Version } from '@leasehold/foundation';
import { parseVersion } from '@leasehold/foundation';

/** An answer as it came over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  /** Of the ETag. */
  readonly version: Version | undefined;
  /** It says that it was done before, under the same idempotency key. */
  readonly isReplayed?: boolean;
  readonly body: Uint8Array;
}

/** How no answer came. */
export interface NoAnswer {
  readonly error: string;
  /** Proven by the error: the request reached nobody. */
  readonly neverSent: boolean;
}

/** What a request came to, by what its sender knows afterwards. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly version: Version | undefined;
      readonly isReplayed: boolean;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'absent' }
  /** 412; what is there instead. */
  | { readonly kind: 'refused'; readonly present: Version | undefined }
  /** Not served, and certainly not applied. */
  | { readonly kind: 'not-applied'; readonly code: string; readonly requestId?: string }
  /** Not served, and perhaps applied. */
  | { readonly kind: 'unknown'; readonly code: string };

/** Codes whose documentation says that nothing was applied (docs/errors.md). */
const NOT_APPLIED: ReadonlySet<string> = new Set([
  'unavailable',
  'overloaded',
  'service-draining',
  'owner-unavailable',
  'session-expired',
  'store-unavailable',
]);

const COMMIT_BYTES_LIMIT = 256;

export function outcomeOf(answer: HttpAnswer | NoAnswer): Outcome {
  if ('error' in answer) return { kind: answer.neverSent ? 'not-applied' : 'unknown', code: answer.error };
  const { status, version, isReplayed = false, body } = answer;
  if (status === 200) return { kind: 'done', version: version ?? versionIn(body), isReplayed, body };
  const problem = toldIn(body);
  const code = problem.code ?? `status-${status}`;
  if (status === 404 && code === 'key-not-found') return { kind: 'absent' };
  if (status === 412 && problem.version !== undefined) {
    return { kind: 'refused', present: problem.version === null ? undefined : parseVersion(problem.version) };
  }
  const isClear = (status >= 400 && status < 500) || NOT_APPLIED.has(code);
  return isClear ? { kind: 'not-applied', code, requestId: problem.requestId } : { kind: 'unknown', code };
}

/** Transactions tell their version in the body; nothing else that is read here is JSON and so short. */
function versionIn(body: Uint8Array): Version | undefined {
  if (body.byteLength > COMMIT_BYTES_LIMIT) return undefined;
  const { version } = toldIn(body);
  return typeof version === 'string' ? parseVersion(version) : undefined;
}

/** Served: answered as a client wants it, whatever the answer says about the data. */
export function isServed({ kind }: Outcome): boolean {
  return kind === 'done' || kind === 'absent' || kind === 'refused';
}

/** What an answer in JSON says of these. */
interface ToldBody {
  readonly code?: string;
  readonly requestId?: string;
  readonly version?: string | null;
}

function toldIn(body: Uint8Array): ToldBody {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ToldBody) : {};
  } catch {
    return {};
  }
}
