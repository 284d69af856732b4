import type { DatabaseId, TenantId } from '@leasehold/foundation';
import type { HopOptions } from '@leasehold/protocol';

import type { BudgetEntry } from './budget.js';
import type { KeyGrant } from './grant.js';
import type { IdentityProviderEntry } from './identity/identity-provider.js';
import type { KeyGenerations } from './key-generations.js';
import type { TenantSuspension } from './revocations.js';
import type { Scope } from './scope.js';
import type { ChangePosition, Viewed } from './store-view.js';
import type { TenantQuotas } from './tenant-quotas.js';

/** A key as far as it takes to check one. */
export interface KeyEntry extends KeyGenerations, Viewed {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly scopes: ReadonlySet<Scope>;
  /** Undefined: it is confined to nothing but tenant and scopes. */
  readonly grant?: KeyGrant | undefined;
  /** Ms since the epoch. */
  readonly expiresAt: number | undefined;
  readonly revoked: boolean;
}

export interface DatabaseEntry extends Viewed {
  readonly id: DatabaseId;
  /** Inside the tenant that it belongs to. */
  readonly name: string;
  /** To whom it belongs. */
  readonly tenantId: TenantId;
  /** Of another tenant than the one that asks, which has granted it so; undefined: its own. */
  readonly access?: 'read' | 'write' | undefined;
  /** As somebody has decided; undefined: nobody ever has, and it is as all are. */
  readonly options?: HopOptions | undefined;
}

/** A tenant as far as the data plane has to know it. */
export interface TenantEntry extends Viewed {
  readonly id: TenantId;
  /** Whose pages may call from browsers, as browsers write them; `*`: everybody's. */
  readonly corsOrigins: ReadonlySet<string>;
  /** Undefined: as the service is configured. */
  readonly quotas?: TenantQuotas | undefined;
  /** Undefined: it is not suspended. */
  readonly suspension?: TenantSuspension | undefined;
  /** Those that stop it when they are used up; undefined: none. */
  readonly budgets?: readonly BudgetEntry[] | undefined;
}

/** The public half of a key that signs tokens. Neither `kid` nor key ever changes. */
export interface PublicTokenKey extends Viewed {
  readonly kid: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** What has changed, and where in the store's history: what was read after that need not be forgotten. */
export type DirectoryChange = ChangedThing & { readonly position?: ChangePosition | undefined };

type ChangedThing =
  | { readonly kind: 'api-key'; readonly id: string }
  | { readonly kind: 'database'; readonly tenantId: string; readonly name: string }
  | { readonly kind: 'tenant'; readonly id: string }
  /** What any tenant may use has changed. */
  | { readonly kind: 'plan' }
  | { readonly kind: 'token-key' }
  | { readonly kind: 'identity-provider'; readonly id: string };

/** Where the feed was left. Opaque. */
export type ChangeCursor = string;

export interface ChangePage {
  readonly cursor: ChangeCursor;
  /** The feed cannot tell what changed since the given cursor: assume that everything did. */
  readonly reset: boolean;
  /** Another server answers than gave the cursor. It may lack the last that the one before had, which nobody tells. */
  readonly isOtherServer?: boolean;
  /** Everything that was committed since the given cursor, some of it perhaps again. In no order. */
  readonly changes: readonly DirectoryChange[];
}

/** The store behind the directory. Every method rejects when the store does not answer, within a bounded time. */
export interface DirectorySource {
  /** Sees everything that was committed before the call. */
  apiKey(id: string): Promise<KeyEntry | undefined>;
  /** Sees everything that was committed before the call; never another tenant's database, unless `name` is that of one that it has granted (`owner~name`). */
  database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined>;
  /**
   * Makes the database where there is none of this name. Durable, and visible to every later lookup, when it resolves. Undefined where this source
   * makes none.
   * @throws LeaseholdError of kind `quota`: the tenant may have no more
   */
  createDatabase?(tenantId: TenantId, name: string): Promise<void>;
  /** Sees everything that was committed before the call. */
  tenant(id: TenantId): Promise<TenantEntry | undefined>;
  /** Those by which tokens are believed, a few at most. Sees everything that was committed before the call. */
  tokenKeys(): Promise<readonly PublicTokenKey[]>;
  /** Sees everything that was committed before the call. Undefined where this source knows of no identity providers. */
  identityProvider?(id: string): Promise<IdentityProviderEntry | undefined>;
  /** What was committed since the cursor; with undefined, only where the feed is now. */
  changes(since: ChangeCursor | undefined): Promise<ChangePage>;
}
