import { isUlid } from './ulid.js';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Lower-case UUID; never used twice, not even after the database's name is reused. */
export type DatabaseId = Branded<string, 'DatabaseId'>;
/** Lower-case ULID of one life of one worker process. */
export type SessionId = Branded<string, 'SessionId'>;
/** Id of the organization that owns a database. */
export type TenantId = Branded<string, 'TenantId'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isDatabaseId(text: string): text is DatabaseId {
  return UUID.test(text);
}

export function isSessionId(text: string): text is SessionId {
  return isUlid(text);
}

/** Tenant ids are minted by the control plane; here they only have to be safe inside names and headers. */
export function isTenantId(text: string): text is TenantId {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
