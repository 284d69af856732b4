import { fromBase64Url, isDatabaseId, isTenantId, toBase64Url, type TenantId } from '@leasehold/foundation';

import type { Grant, GrantedDatabase } from './grant.js';
import { isScope, type Scope } from './scope.js';

/** A token ends after so long, whoever made it: 15 minutes. */
export const MAX_TOKEN_LIFETIME_SECONDS = 900;
/** Of the key prefix in a token: a token stands in the head of every request, which has 16 KiB for all of it. */
export const TOKEN_PREFIX_BYTES = 512;

export const TOKEN_ISSUER = 'urn:leasehold:control-plane';
export const TOKEN_AUDIENCE = 'urn:leasehold:data-plane';
/** `typ` of the header, so that no other JWT passes for one of these, nor one of these for another (RFC 8725). */
export const TOKEN_TYPE = 'leasehold-token+jwt';
export const TOKEN_ALGORITHM = 'EdDSA';

/** What a token says, beside who made it for whom. */
export interface TokenClaims {
  /** Unique. */
  readonly id: string;
  readonly tenantId: TenantId;
  /** The API key that made it, with which it dies; undefined: a person did. */
  readonly keyId: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  readonly database: GrantedDatabase;
  readonly keyPrefix: Uint8Array | undefined;
  /** Ms since the epoch, whole seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * From now on for at least as long as asked, which is what counts in a short life, but never for longer than any token may live.
 * @returns ms since the epoch, whole seconds, as claims tell them
 */
export function tokenLifetime(now: number, ttlSeconds: number): Pick<TokenClaims, 'issuedAt' | 'expiresAt'> {
  const issuedAtSeconds = Math.floor(now / 1_000);
  const endsAtSeconds = Math.min(Math.ceil(now / 1_000 + ttlSeconds), issuedAtSeconds + MAX_TOKEN_LIFETIME_SECONDS);
  return { issuedAt: issuedAtSeconds * 1_000, expiresAt: endsAtSeconds * 1_000 };
}

/**
 * The claims set of a token:
 *
 *     {"iss","aud","iat","exp","jti": as RFC 7519 has them,
 *      "tenant": id, "database": id, "databaseName": name, "scopes": ["data:read", …],
 *      "prefix": base64url, absent without; "key": id of the API key, absent without}
 */
export function claimsSetOf(claims: TokenClaims): Record<string, unknown> {
  return {
    iss: TOKEN_ISSUER,
    aud: TOKEN_AUDIENCE,
    iat: claims.issuedAt / 1_000,
    exp: claims.expiresAt / 1_000,
    jti: claims.id,
    tenant: claims.tenantId,
    database: claims.database.id,
    databaseName: claims.database.name,
    scopes: [...claims.scopes],
    ...(claims.keyPrefix === undefined ? {} : { prefix: toBase64Url(claims.keyPrefix) }),
    ...(claims.keyId === undefined ? {} : { key: claims.keyId }),
  };
}

/** Undefined unless it is whole: a token of which anything is not understood grants nothing. */
export function parseClaimsSet(set: Readonly<Record<string, unknown>>): TokenClaims | undefined {
  const { iat, exp, jti, tenant, database, databaseName, scopes, prefix, key } = set;
  if (typeof iat !== 'number' || typeof exp !== 'number' || typeof jti !== 'string') return undefined;
  // Also where it is not a number at all.
  if (!(exp > iat && exp - iat <= MAX_TOKEN_LIFETIME_SECONDS)) return undefined;
  if (typeof tenant !== 'string' || !isTenantId(tenant)) return undefined;
  if (typeof database !== 'string' || !isDatabaseId(database) || typeof databaseName !== 'string') return undefined;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string' && isScope(scope))) return undefined;
  if (key !== undefined && typeof key !== 'string') return undefined;
  const keyPrefix = typeof prefix === 'string' ? fromBase64Url(prefix) : undefined;
  // One that is there and cannot be read must not count as none: it would open the whole database.
  if (prefix !== undefined && !isPrefix(keyPrefix)) return undefined;
  return {
    id: jti,
    tenantId: tenant,
    keyId: key,
    scopes: new Set(scopes as Scope[]),
    database: { id: database, name: databaseName },
    keyPrefix,
    issuedAt: iat * 1_000,
    expiresAt: exp * 1_000,
  };
}

export function grantOf({ database, keyPrefix }: TokenClaims): Grant {
  return { database, keyPrefix };
}

function isPrefix(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.byteLength > 0 && bytes.byteLength <= TOKEN_PREFIX_BYTES;
}
