import type { TenantId } from '@leasehold/foundation';

import type { Scope } from '../scope.js';
import type { Viewed } from '../store-view.js';
import type { ClaimTemplate } from './claim-template.js';

/** Whose tokens a tenant believes, and what they grant. */
export interface IdentityProviderEntry extends Viewed {
  readonly id: string;
  readonly tenantId: TenantId;
  /** Exactly as tokens say it. */
  readonly issuer: string;
  readonly audience: string;
  /** Where its public keys are. */
  readonly jwksUrl: string;
  readonly mapping: IdentityMapping;
}

/** From the claims of a token to what it grants. Whatever a token lacks of it, it grants nothing. */
export interface IdentityMapping {
  /** Makes the name of the only database. */
  readonly database: ClaimTemplate;
  /** Makes the only prefix of keys; undefined: all keys. */
  readonly prefix: ClaimTemplate | undefined;
  /** Of `data:read` and `data:write`. */
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * A token of a tenant's identity provider as it is shown to a gateway: `lhi_<provider id>.<jwt>`. The tenant and the keys are found by the id in
 * front, never by what the token says of itself: nobody can register somebody else's issuer to have their tokens.
 */
const BEARER = /^lhi_([0-9a-z]{26})\.([\w-]+\.[\w-]+\.[\w-]+)$/;
export const IDENTITY_PREFIX = 'lhi_';
/** Those of identity providers carry what they like; the head of a request has 16 KiB for everything. */
export const MAX_IDENTITY_TOKEN_CHARS = 8_192;

/** Undefined: it is none. */
export function parseIdentityBearer(text: string): { readonly providerId: string; readonly jwt: string } | undefined {
  const match = text.length <= MAX_IDENTITY_TOKEN_CHARS ? BEARER.exec(text) : null;
  return match?.[1] === undefined || match[2] === undefined ? undefined : { providerId: match[1], jwt: match[2] };
}
