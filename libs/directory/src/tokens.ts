import { LeaseholdError, type Clock } from '@leasehold/foundation';
import { jwtVerify, type JWTHeaderParameters } from 'jose';

import type { PublicTokenKey } from './directory-source.js';
import {
  parseClaimsSet,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TYPE,
  type TokenClaims,
} from './token-claims.js';
import { TokenKeys } from './token-keys.js';

/** With the longest prefix and names; whoever sends more has no token. */
export const MAX_TOKEN_CHARS = 2_048;
/** A signature of 64 bytes, and in one spelling only: what is verified is remembered by its text. */
const TOKEN_FORM = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;
/** Remembered as verified: 20 MB of the longest, some 8 MB as they are mostly. */
const MAX_VERIFIED = 10_000;
/**
 * At a time; more are refused as overload. Each takes 150 µs, most of it in a thread beside. Twice as many as may wait for keys that are not
 * known: made-up ones do not keep others out.
 */
const MAX_VERIFICATIONS = 2_000;
/** A token may come from so far ahead: the clock of who made it and ours do not agree to the second. Its end is exact. */
const SKEW_SECONDS = 30;
const RETRY_AFTER_MS = 1_000;

/**
 * Short-lived tokens, verified offline: a JWT of exactly one form, signed with Ed25519 by a key that the control plane has published.
 *
 * The algorithm is fixed, and the key is found by `kid` alone: what a header says beside these two and the type makes the token invalid, so
 * that there is nothing to be confused by. A token that was verified is remembered by its whole text until it ends.
 */
export class Tokens {
  /** In the order of verification: the first is about to end first, more or less. */
  private readonly verified = new Map<string, TokenClaims>();
  private readonly verifying = new Map<string, Promise<TokenClaims | undefined>>();
  private readonly keys: TokenKeys;

  constructor(
    load: () => Promise<readonly PublicTokenKey[]>,
    private readonly clock: Clock,
  ) {
    this.keys = new TokenKeys(load, clock);
  }

  /** Remembered ones. */
  get size(): number {
    return this.verified.size;
  }

  /**
   * What the token says; undefined when it is not to be believed, or has ended. Says nothing about the API key that made it.
   *
   * @throws what the store throws, when the token's key is not known yet; LeaseholdError overloaded
   */
  async verify(text: string): Promise<TokenClaims | undefined> {
    const claims = this.verified.get(text) ?? (await (this.verifying.get(text) ?? this.startVerification(text)));
    if (claims === undefined || claims.expiresAt > this.clock.now()) return claims;
    this.verified.delete(text);
    return undefined;
  }

  /**
   * The signing keys are others now: none of the tokens may be believed any more without looking again.
   * @param isStillTrue as {@link TokenKeys.forget}
   */
  forget(isStillTrue?: (key: PublicTokenKey) => boolean): void {
    this.keys.forget(isStillTrue);
    this.verified.clear();
    this.verifying.clear();
  }

  private startVerification(text: string): Promise<TokenClaims | undefined> {
    if (text.length > MAX_TOKEN_CHARS || !TOKEN_FORM.test(text)) return Promise.resolve(undefined);
    if (this.verifying.size >= MAX_VERIFICATIONS) {
      throw new LeaseholdError('unavailable', 'overloaded', 'too many tokens are being verified', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const verification = this.read(text).then(
      (claims) => {
        // Forgotten meanwhile: good enough for who waits, not to be kept.
        if (this.verifying.get(text) === verification) {
          this.verifying.delete(text);
          if (claims !== undefined) this.remember(text, claims);
        }
        return claims;
      },
      (error: unknown) => {
        if (this.verifying.get(text) === verification) this.verifying.delete(text);
        throw error;
      },
    );
    this.verifying.set(text, verification);
    return verification;
  }

  private async read(text: string): Promise<TokenClaims | undefined> {
    let outage: unknown;
    const keyOf = async (header: JWTHeaderParameters) => {
      if (!isPlain(header)) throw new NotBelieved();
      const key = await this.keys.find(header.kid ?? '').catch((error: unknown) => {
        outage = error;
        throw error;
      });
      if (key === undefined) throw new NotBelieved();
      return key;
    };
    try {
      const { payload } = await jwtVerify(text, keyOf, {
        algorithms: [TOKEN_ALGORITHM],
        typ: TOKEN_TYPE,
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
      const claims = parseClaimsSet(payload);
      const latestMs = this.clock.now() + SKEW_SECONDS * 1_000;
      return claims !== undefined && claims.issuedAt <= latestMs ? claims : undefined;
    } catch {
      if (outage !== undefined) throw outage;
      // Whatever is thrown at the text of a stranger, it is no token then.
      return undefined;
    }
  }

  private remember(text: string, claims: TokenClaims): void {
    this.verified.set(text, claims);
    if (this.verified.size <= MAX_VERIFIED) return;
    const [first] = this.verified.keys();
    if (first !== undefined) this.verified.delete(first);
  }
}

/** Whether a bearer is meant to be a token: three parts. */
export function looksLikeToken(text: string): boolean {
  return /^[^.]*\.[^.]*\.[^.]*$/.test(text);
}

/** `jwk`, `jku`, `x5c`, `crit` and the like have no place in ours. */
function isPlain(header: JWTHeaderParameters): boolean {
  const { alg, kid, typ } = header;
  return [alg, kid, typ].every((member) => typeof member === 'string') && Object.keys(header).length === 3;
}

class NotBelieved extends Error {}
