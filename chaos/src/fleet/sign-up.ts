import { DatabaseRecord } from '../ledger/database-record.js';
import type { Findings } from '../ledger/finding.js';
import { LARGE, SMALL } from '../load/operation.js';
import { publicRoute, TenantDatabase, WriteNumbers } from '../load/tenant-database.js';
import type { Fleet } from './fleet.js';
import { createTenant } from './tenants.js';

const TENANTS = 2;
const DATABASES_PER_TENANT = 30;
/** One in so many outgrows its head. */
const LARGE_EVERY = 5;

/** Tenants with their databases, each with an empty record of what clients know. */
export async function signUp(fleet: Fleet, findings: Findings): Promise<readonly TenantDatabase[]> {
  const writes = new WriteNumbers();
  const databases: TenantDatabase[] = [];
  for (let t = 1; t <= TENANTS; t++) {
    const names = Array.from({ length: DATABASES_PER_TENANT }, (_, n) => `t${t}-${String(n).padStart(2, '0')}`);
    const tenant = await createTenant(fleet.controlPlane.url, names);
    for (const [n, { id, name }] of tenant.databases.entries()) {
      const shape = n % LARGE_EVERY === 0 ? LARGE : SMALL;
      const record = new DatabaseRecord(name, findings);
      const route = publicRoute(name, tenant.apiKey);
      databases.push(new TenantDatabase(id, tenant.id, name, shape, record, route, writes));
    }
  }
  return databases;
}
