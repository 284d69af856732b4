import { LeaseholdError, utf8, type Clock } from '@leasehold/foundation';
import { isDatabaseName, ProblemError } from '@leasehold/protocol';
import { decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';

import { invalidToken } from '../invalid-token.js';
import type { Principal } from '../principal.js';
import { TOKEN_PREFIX_BYTES, TOKEN_TYPE } from '../token-claims.js';
import { fillTemplate } from './claim-template.js';
import type { IdentityProviderEntry } from './identity-provider.js';
import type { IdentityKey } from './key-set.js';
import { KeySets, type FetchKeySet } from './key-sets.js';
import { TenantPlaces, type TenantPlacesSettings } from './tenant-places.js';

/** A token counts for so long after it was issued, whatever it says: nobody can take one back. */
export const MAX_IDENTITY_TOKEN_AGE_SECONDS = 3_600;
/** Between the clocks of a provider and ours. */
const SKEW_SECONDS = 30;
/** Remembered as verified: 80 MB of the longest, some 15 MB as they are mostly. */
const MAX_VERIFIED = 10_000;
/** At a time, those that wait for keys included; more are refused as overload. */
const VERIFICATIONS: TenantPlacesSettings = { shared: 1_000, perTenant: 100, most: 2_000 };
const RETRY_AFTER_MS = 1_000;
/** What decides how a token is read. Everything else in the header is the provider's own, and is not looked at. */
const REFUSED_HEADERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c', 'enc', 'zip'];

interface Verified {
  readonly provider: IdentityProviderEntry;
  readonly kid: string;
  /** By which it was verified: another one under this kid verifies anew. */
  readonly key: IdentityKey;
  readonly principal: Principal;
  readonly endsAt: number;
}

/**
 * Tokens of the tenants' own identity providers, verified here. The provider is named in front of the token, the key by `kid`, the algorithm by the
 * key; the token has to agree with all three, with issuer and audience, and be young. What it grants is what its provider's mapping makes of its
 * claims, and nothing where that makes nothing.
 */
export class IdentityTokens {
  private readonly keySets: KeySets;
  /** In the order of verification. */
  private readonly verified = new Map<string, Verified>();
  private readonly verifications = new TenantPlaces(VERIFICATIONS);

  constructor(
    fetch: FetchKeySet,
    private readonly clock: Clock,
  ) {
    this.keySets = new KeySets(fetch, clock);
  }

  /**
   * @throws ProblemError invalid-token: it is not to be believed, or not any more; forbidden: it is, and grants nothing
   * @throws LeaseholdError unavailable: its keys cannot be had; overloaded
   */
  async authenticate(jwt: string, provider: IdentityProviderEntry): Promise<Principal> {
    const known = this.verified.get(jwt);
    if (
      known?.provider === provider &&
      known.key === this.keySets.known(provider.tenantId, provider.jwksUrl, known.kid)
    ) {
      if (known.endsAt > this.clock.now()) return known.principal;
    }
    this.verified.delete(jwt);
    const leave = this.verifications.enter(provider.tenantId);
    if (leave === undefined) {
      throw new LeaseholdError('unavailable', 'overloaded', 'too many tokens are being verified', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    try {
      const verified = await this.verify(jwt, provider);
      this.remember(jwt, verified);
      return verified.principal;
    } finally {
      leave();
    }
  }

  private async verify(jwt: string, provider: IdentityProviderEntry): Promise<Verified> {
    const kid = kidOf(jwt);
    const key = kid === undefined ? undefined : await this.keySets.find(provider.tenantId, provider.jwksUrl, kid);
    if (kid === undefined || key === undefined) throw invalidToken();
    const claims = await this.claimsOf(jwt, key, provider);
    const endsAt = claims && this.endOf(claims);
    if (claims === undefined || endsAt === undefined || endsAt <= this.clock.now()) throw invalidToken();
    return { provider, kid, key, principal: principalOf(claims, provider), endsAt };
  }

  private async claimsOf(
    jwt: string,
    { algorithm, key }: IdentityKey,
    { issuer, audience }: IdentityProviderEntry,
  ): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(jwt, key, {
        algorithms: [algorithm],
        issuer,
        audience,
        requiredClaims: ['exp', 'iat'],
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch {
      // Whatever is thrown at the text of a stranger, it is no token then.
      return undefined;
    }
  }

  /** The tolerance is for its beginning: its end is exact, as is its age. Undefined: it is of the future. */
  private endOf({ iat = Infinity, exp = 0 }: JWTPayload): number | undefined {
    if (iat * 1_000 > this.clock.now() + SKEW_SECONDS * 1_000) return undefined;
    return Math.min(exp, iat + MAX_IDENTITY_TOKEN_AGE_SECONDS) * 1_000;
  }

  private remember(jwt: string, verified: Verified): void {
    this.verified.set(jwt, verified);
    const [first] = this.verified.keys();
    if (this.verified.size > MAX_VERIFIED && first !== undefined) this.verified.delete(first);
  }
}

/** Of a header that says nothing about how it is to be read but this; undefined otherwise. */
function kidOf(jwt: string): string | undefined {
  try {
    const header = decodeProtectedHeader(jwt);
    const isOdd = REFUSED_HEADERS.some((name) => Object.hasOwn(header, name)) || header.typ === TOKEN_TYPE;
    return isOdd || typeof header.kid !== 'string' ? undefined : header.kid;
  } catch {
    return undefined;
  }
}

/** @throws ProblemError forbidden */
function principalOf(claims: JWTPayload, { id, tenantId, mapping }: IdentityProviderEntry): Principal {
  const database = fillTemplate(mapping.database, claims);
  const prefix = mapping.prefix && fillTemplate(mapping.prefix, claims);
  const keyPrefix = prefix === undefined ? undefined : utf8(prefix);
  const isWithout = mapping.prefix !== undefined && keyPrefix === undefined;
  if (
    database === undefined ||
    !isDatabaseName(database) ||
    isWithout ||
    (keyPrefix?.length ?? 0) > TOKEN_PREFIX_BYTES
  ) {
    throw new ProblemError('forbidden', 'the token is valid, and the claims of it grant nothing');
  }
  // Counted as a key of this id is.
  return {
    keyId: id,
    tenantId,
    scopes: mapping.scopes,
    grant: { database: undefined, databases: [database], keyPrefix },
  };
}
