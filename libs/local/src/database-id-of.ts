import { hash } from 'node:crypto';

import type { DatabaseId, TenantId } from '@leasehold/foundation';

const VERSION_8 = 0x80;
const VARIANT = 0x80;

/**
 * The id of a tenant's database, from its name: a folder or a bucket that is used again, or by two processes at a time, has to give the same one, and
 * there is nobody to ask. A UUID of version 8 (RFC 9562): the first 122 bits of SHA-256 that the version leaves. A tenant id holds no slash.
 *
 * Ids are never used twice, also when a name is; that holds because nothing here deletes a database.
 */
export function databaseIdOf(tenantId: TenantId, name: string): DatabaseId {
  const bytes = hash('sha256', `leasehold local 1/${tenantId}/${name}`, 'buffer').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | VERSION_8, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | VARIANT, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as DatabaseId;
}
