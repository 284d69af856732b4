import type { TenantId } from '@leasehold/foundation';

import type { Grant } from './grant.js';
import type { Scope } from './scope.js';

/** Who is asking: the tenant of a valid API key, or of a token that was made for it. */
export interface Principal {
  /** Of a token the key that made it; undefined when a person did. */
  readonly keyId: string | undefined;
  readonly tenantId: TenantId;
  readonly scopes: ReadonlySet<Scope>;
  /** To what the caller is confined; undefined: to nothing but tenant and scopes. */
  readonly grant?: Grant;
}
