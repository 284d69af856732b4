import type { KeyEntry } from './directory-source.js';
import type { Principal } from './principal.js';
import type { Scope } from './scope.js';
import { grantOf, type TokenClaims } from './token-claims.js';

interface MadePrincipal {
  /** As it was known when the principal was made. */
  readonly key: KeyEntry | undefined;
  readonly principal: Principal;
}

/** Who presents a token, made once for what is known of the token and of the key that made it. Lives as long as the claims are remembered. */
export class TokenPrincipals {
  private readonly made = new WeakMap<TokenClaims, MadePrincipal>();

  /** @param key that made the token; undefined: a person did */
  of(claims: TokenClaims, key: KeyEntry | undefined): Principal {
    const known = this.made.get(claims);
    if (known !== undefined && known.key === key) return known.principal;
    const { keyId, tenantId } = claims;
    const scopes = key === undefined ? claims.scopes : bothOf(claims.scopes, key.scopes);
    const principal = { keyId, tenantId, scopes, grant: { ...grantOf(claims), databases: key?.grant?.databases } };
    this.made.set(claims, { key, principal });
    return principal;
  }
}

/** A token never may more than its key, which may have lost some since. */
function bothOf(wanted: ReadonlySet<Scope>, held: ReadonlySet<Scope>): ReadonlySet<Scope> {
  return new Set([...wanted].filter((scope) => held.has(scope)));
}
