import { decodeUtf8, fromBase64Url } from '@leasehold/foundation';
import { importJWK, type CryptoKey, type JWK } from 'jose';

export const MAX_KEY_SET_BYTES = 64 * 1024;
/** Rotation takes two or three; who has more sets keeps one per kind and year. */
const MAX_KEYS = 50;
const MAX_KID_CHARS = 256;
const MIN_RSA_BYTES = 256;
/** Verifying takes time that grows with it. */
const MAX_RSA_BYTES = 1_024;

export type IdentityAlgorithm = 'EdDSA' | 'ES256' | 'RS256';

/** A public key with the one algorithm that it is used with: what a token says of it has to agree, and decides nothing. */
export interface IdentityKey {
  readonly algorithm: IdentityAlgorithm;
  readonly key: CryptoKey;
}

/** By `kid`. */
export type KeySet = ReadonlyMap<string, IdentityKey>;

/**
 * Reads a JWK set (RFC 7517). Keys that are not for signatures of ours, that have no `kid`, or share it with another, are passed over: there is
 * nothing to be confused by. Symmetric keys are never taken.
 *
 * @returns undefined when it is no JWK set
 */
export async function readKeySet(bytes: Uint8Array): Promise<KeySet | undefined> {
  const keys = bytes.byteLength <= MAX_KEY_SET_BYTES ? keysOf(decodeUtf8(bytes)) : undefined;
  if (keys === undefined) return undefined;
  const found = new Map<string, IdentityKey>();
  const kids = new Set<string>();
  const doubled = new Set<string>();
  for (const jwk of keys.slice(0, MAX_KEYS)) {
    if (typeof jwk.kid !== 'string' || jwk.kid === '' || jwk.kid.length > MAX_KID_CHARS) continue;
    if (kids.has(jwk.kid)) doubled.add(jwk.kid);
    kids.add(jwk.kid);
    const key = await identityKeyOf(jwk);
    if (key !== undefined) found.set(jwk.kid, key);
  }
  for (const kid of doubled) found.delete(kid);
  return found;
}

async function identityKeyOf(jwk: JWK): Promise<IdentityKey | undefined> {
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined) return undefined;
  if (jwk.alg !== undefined && jwk.alg !== algorithm && !(algorithm === 'EdDSA' && jwk.alg === 'Ed25519'))
    return undefined;
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) return undefined;
  const { kty, crv, x, y, n, e } = jwk;
  const members = { EdDSA: { kty, crv, x }, ES256: { kty, crv, x, y }, RS256: { kty, n, e } }[algorithm];
  try {
    // Of these types it makes a CryptoKey, never bytes.
    return { algorithm, key: (await importJWK(members as JWK, algorithm)) as CryptoKey };
  } catch {
    return undefined;
  }
}

/** By what the key is, not by what it says. */
function algorithmOf({ kty, crv, n }: JWK): IdentityAlgorithm | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  const sizeBytes = kty === 'RSA' && typeof n === 'string' ? (fromBase64Url(n)?.byteLength ?? 0) : 0;
  return sizeBytes >= MIN_RSA_BYTES && sizeBytes <= MAX_RSA_BYTES ? 'RS256' : undefined;
}

function keysOf(text: string | undefined): readonly JWK[] | undefined {
  try {
    const { keys } = JSON.parse(text ?? '') as { readonly keys?: unknown };
    if (!Array.isArray(keys)) return undefined;
    return keys.filter((key) => typeof key === 'object' && key !== null && !Array.isArray(key)) as readonly JWK[];
  } catch {
    return undefined;
  }
}
