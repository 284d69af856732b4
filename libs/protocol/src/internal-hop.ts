import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import type { HeaderValues } from './precondition.js';

/** Headers of the hop from gateway to worker. The gateway strips every copy that a client sends. */
export const HOP_HEADERS = {
  tenant: 'leasehold-tenant',
  /** The database's name, percent-encoded. */
  database: 'leasehold-database',
  /** The session that is meant: at its address another one may listen by now, which refuses. Also of an upgrade to frames. */
  session: 'leasehold-session',
  /** `<expiresAt>.<hex mac>` */
  hop: 'leasehold-hop',
  /** What was decided about the database: {@link formatHopOptions}. Without it as its head says. */
  options: 'leasehold-options',
  /** Of what only deletes: `true`, it counts no write units. */
  unbilled: 'leasehold-unbilled',
  requestId: 'x-request-id',
  /** A session that the gateway could not reach: wait for its end instead of answering 421. */
  waitForOwner: 'leasehold-wait-for-owner',
  /** How long the gateway still holds the request: an answer that comes later has no reader. */
  waitMs: 'leasehold-wait-ms',
  /** On a 421: endpoint and session of the owner. */
  owner: 'leasehold-owner',
  ownerSession: 'leasehold-owner-session',
} as const;

/** Every header that changes what a worker does with a request. Others may be altered on the way without harm. */
const SIGNED_HEADERS = [
  HOP_HEADERS.tenant,
  HOP_HEADERS.database,
  HOP_HEADERS.waitForOwner,
  HOP_HEADERS.waitMs,
  'if-match',
  'if-none-match',
  'leasehold-ttl',
  'idempotency-key',
] as const;

/** Also the bound on how far the clocks of gateway and worker may be apart. Only access rests on it, never safety of data. */
export const HOP_LIFETIME_MS = 60_000;

export interface HopClaims {
  readonly method: string;
  /** The request target as sent, query included. */
  readonly path: string;
  /** As sent, with names in lower case: those that change what the request means are signed, also that they are absent. */
  readonly headers: HeaderValues;
  /** {@link digestBody} of the body; of no bytes when there is none. */
  readonly bodyDigest: string;
  /** Wall time in ms. */
  readonly expiresAt: number;
}

/** What a gateway tells a worker of a database besides whose it is. */
export interface HopOptions {
  /** How long superseded versions stay readable. */
  readonly retentionMs: number;
  /** Of live data, past which writes that add data are refused. */
  readonly maxBytes: number;
}

const OPTIONS = /^([0-9]{1,15}),([0-9]{1,15})$/;

export function formatHopOptions({ retentionMs, maxBytes }: HopOptions): string {
  return `${retentionMs},${maxBytes}`;
}

/** Undefined when it is nothing that {@link formatHopOptions} writes. */
export function parseHopOptions(text: string): HopOptions | undefined {
  const [, retentionMs, maxBytes] = OPTIONS.exec(text) ?? [];
  return retentionMs === undefined ? undefined : { retentionMs: Number(retentionMs), maxBytes: Number(maxBytes) };
}

/** The value of the `leasehold-hop` header: HMAC-SHA256 over all claims. */
export function signHop(secret: string, claims: HopClaims): string {
  return `${claims.expiresAt}.${mac(secret, claims).toString('hex')}`;
}

/** True when the header was made with this secret for exactly these claims and has not expired. Constant time. */
export function verifyHop(
  secret: string,
  header: string | readonly string[] | undefined,
  claims: Omit<HopClaims, 'expiresAt'>,
  nowMs: number,
): boolean {
  const match = typeof header === 'string' ? /^([0-9]{1,15})\.([0-9a-f]{64})$/.exec(header) : null;
  if (!match?.[1] || !match[2]) return false;
  const expiresAt = Number(match[1]);
  const right = timingSafeEqual(mac(secret, { ...claims, expiresAt }), Buffer.from(match[2], 'hex'));
  return right && expiresAt > nowMs && expiresAt <= nowMs + 2 * HOP_LIFETIME_MS;
}

export function digestBody(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

function mac(secret: string, { method, path, headers, bodyDigest, expiresAt }: HopClaims): Buffer {
  const signed: unknown[] = SIGNED_HEADERS.map((name) => headers[name] ?? null);
  // Where it is given: most databases have none, and a gateway of an earlier version knows none.
  if (headers[HOP_HEADERS.options] !== undefined) signed.push(headers[HOP_HEADERS.options]);
  if (headers[HOP_HEADERS.unbilled] !== undefined) signed.push({ unbilled: headers[HOP_HEADERS.unbilled] });
  // JSON keeps the parts apart whatever they hold.
  const text = JSON.stringify([method, path, signed, bodyDigest, expiresAt]);
  return createHmac('sha256', secret).update(text).digest();
}
