import { CorruptBytesError, decodeUtf8, isTenantId, LeaseholdError, utf8, type TenantId } from '@leasehold/foundation';

/**
 * What `revoked/<n>` says, format version 2: one JSON object, whole, so that a reader needs the latest one alone.
 *
 *     {"format":2,"number":7,"id":"<ulid>","at":<ms>,
 *      "suspended":[{"tenant":"<id>","reason":"…","by":"…","at":<ms>,"number":5},…],
 *      "keys":[{"id":"<key id>","at":<ms>},…],
 *      "providers":[{"id":"<identity provider id>","at":<ms>},…]}
 *
 * Version 1 has no `providers`, and is read as having none.
 */
const FORMAT = 2;
const FORMAT_WITHOUT_PROVIDERS = 1;
/** A state is read as a whole; at 400 bytes each these are 4 MB. */
export const MAX_SUSPENDED = 10_000;
/**
 * Keys that were revoked within {@link KEY_KEPT_MS}, and identity providers that were removed; of both the oldest go first where there are more, which costs nothing while gateways reach
 * Postgres.
 */
export const MAX_REVOKED_KEYS = 10_000;
/** Gateways go by a key or an identity provider that nobody confirms for 15 minutes: after four times as long none knows it. */
export const KEY_KEPT_MS = 60 * 60 * 1_000;
export const MAX_REASON_CHARS = 500;
const MAX_STATE_BYTES = 16 * 1024 * 1024;

export interface Suspension {
  readonly tenantId: TenantId;
  /** For operators. */
  readonly reason: string;
  /** Who did it, for operators. */
  readonly by: string;
  /** Wall ms since the Unix epoch. */
  readonly at: number;
  /** Of the state that said so first. */
  readonly number: number;
}

/** An API key that was revoked, or an identity provider that was removed. */
export interface Revoked {
  readonly id: string;
  /** Wall ms since the Unix epoch. */
  readonly at: number;
}

export interface RevocationState {
  /** Counts from 1; 0: nobody has written yet. */
  readonly number: number;
  /** Unique to this writing. */
  readonly id: string;
  readonly at: number;
  readonly suspended: readonly Suspension[];
  readonly keys: readonly Revoked[];
  readonly providers: readonly Revoked[];
}

/** What changes from one state to the next; undefined: nothing does. */
export type RevocationEdit = (state: RevocationState, at: number) => RevocationContent | undefined;

/** What a state says, whichever it is. */
export type RevocationContent = Pick<RevocationState, 'suspended' | 'keys' | 'providers'>;

export const NO_REVOCATIONS: RevocationState = { number: 0, id: '', at: 0, suspended: [], keys: [], providers: [] };

/** Suspends; a tenant that is suspended already stays so for the first reason. */
export function suspension(tenantId: TenantId, reason: string, by: string): RevocationEdit {
  return ({ number, suspended, keys, providers }, at) => {
    if (suspended.some((entry) => entry.tenantId === tenantId)) return undefined;
    if (suspended.length >= MAX_SUSPENDED) {
      throw new LeaseholdError(
        'quota',
        'too-many-suspensions',
        `no more than ${MAX_SUSPENDED} tenants can be suspended`,
      );
    }
    return { suspended: [...suspended, { tenantId, reason, by, at, number: number + 1 }], keys, providers };
  };
}

export function resumption(tenantId: TenantId): RevocationEdit {
  return ({ suspended, keys, providers }) => {
    const others = suspended.filter((entry) => entry.tenantId !== tenantId);
    return others.length === suspended.length ? undefined : { suspended: others, keys, providers };
  };
}

/** What was revoked or removed lately, whether or not the log has some of it already. */
export function recentRevocations({ keys, providers }: Pick<RevocationState, 'keys' | 'providers'>): RevocationEdit {
  return (state, at) => {
    const [moreKeys, moreProviders] = [withMore(state.keys, keys, at), withMore(state.providers, providers, at)];
    if (moreKeys === undefined && moreProviders === undefined) return undefined;
    const { suspended } = state;
    return { suspended, keys: moreKeys ?? state.keys, providers: moreProviders ?? state.providers };
  };
}

/** Undefined: all of it is known already, or was long ago. */
function withMore(known: readonly Revoked[], revoked: readonly Revoked[], at: number): readonly Revoked[] | undefined {
  const ids = new Set(known.map(({ id }) => id));
  const isRecent = (entry: Revoked) => at - entry.at < KEY_KEPT_MS;
  const added = revoked.filter((entry) => !ids.has(entry.id) && isRecent(entry));
  if (added.length === 0) return undefined;
  const kept = [...known, ...added].filter(isRecent).sort((a, b) => a.at - b.at);
  return kept.slice(-MAX_REVOKED_KEYS);
}

/** @throws LeaseholdError quota: it would be larger than readers take, by reasons without measure */
export function encodeRevocationState({ number, id, at, suspended, keys, providers }: RevocationState): Uint8Array {
  const bytes = utf8(
    JSON.stringify({
      format: FORMAT,
      number,
      id,
      at,
      suspended: suspended.map(({ tenantId: tenant, reason, by, at, number }) => ({ tenant, reason, by, at, number })),
      keys: keys.map(({ id, at }) => ({ id, at })),
      providers: providers.map(({ id, at }) => ({ id, at })),
    }),
  );
  if (bytes.byteLength <= MAX_STATE_BYTES) return bytes;
  throw new LeaseholdError('quota', 'too-many-suspensions', `a state has more than ${MAX_STATE_BYTES} bytes`);
}

/** @throws CorruptBytesError on what no writer writes, or not under this number; LeaseholdError unavailable: a later version wrote it */
export function decodeRevocationState(bytes: Uint8Array, expectedNumber: number): RevocationState {
  const text = bytes.byteLength <= MAX_STATE_BYTES ? decodeUtf8(bytes) : undefined;
  const state = recordOf(text === undefined ? undefined : parseJson(text));
  const { format, number, id, at, suspended, keys } = state;
  // Not damaged: whoever took it for that would write over what it says.
  if (isCount(format) && format > FORMAT) {
    throw new LeaseholdError('unavailable', 'unavailable', `revocations of a later format than ${FORMAT}`);
  }
  if (format !== FORMAT && format !== FORMAT_WITHOUT_PROVIDERS) throw damaged();
  const providers = format === FORMAT ? state['providers'] : [];
  if (number !== expectedNumber) throw new CorruptBytesError('revocations under another number than their own');
  if (typeof id !== 'string' || !isCount(at) || !Array.isArray(suspended)) throw damaged();
  return { number, id, at, suspended: suspended.map(suspensionOf), keys: listOf(keys), providers: listOf(providers) };
}

function suspensionOf(value: unknown): Suspension {
  const { tenant, reason, by, at, number } = recordOf(value);
  if (typeof tenant !== 'string' || !isTenantId(tenant) || typeof reason !== 'string' || typeof by !== 'string') {
    throw damaged();
  }
  if (!isCount(at) || !isCount(number)) throw damaged();
  return { tenantId: tenant, reason, by, at, number };
}

function listOf(value: unknown): readonly Revoked[] {
  if (!Array.isArray(value)) throw damaged();
  return value.map((entry) => {
    const { id, at } = recordOf(entry);
    if (typeof id !== 'string' || !isCount(at)) throw damaged();
    return { id, at };
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged();
  return value as Readonly<Record<string, unknown>>;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(): CorruptBytesError {
  return new CorruptBytesError('revocations are damaged');
}
