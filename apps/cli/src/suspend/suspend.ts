import { isLeaseholdError, isTenantId, systemClock, systemRandom, type TenantId } from '@leasehold/foundation';
import { MAX_REASON_CHARS, resumption, RevocationLog, suspension, type RevocationEdit } from '@leasehold/revocations';

import { CliError } from '../cli-error.js';
import type { OpenBucket } from '../scrub/open-bucket.js';
import type { Terminal } from '../terminal.js';
import { whoAmI } from './who-am-i.js';

/** Past control plane and Postgres: gateways follow the bucket, and the control plane copies it when it is there again. */
export async function suspend(bucket: OpenBucket, tenant: string, reason: string, terminal: Terminal): Promise<void> {
  const trimmed = reason.trim();
  if (trimmed === '' || [...trimmed].length > MAX_REASON_CHARS) {
    throw new CliError(`a reason of 1 to ${MAX_REASON_CHARS} characters is needed`);
  }
  await append(bucket, suspension(tenantOf(tenant), trimmed, whoAmI()), terminal);
  terminal.result(`${tenant} is suspended; every gateway refuses it within 10 s`);
}

export async function resume(bucket: OpenBucket, tenant: string, terminal: Terminal): Promise<void> {
  await append(bucket, resumption(tenantOf(tenant)), terminal);
  terminal.result(`${tenant} is not suspended; every gateway serves it within 10 s`);
}

/** One line of JSON for each suspended tenant. */
export async function listSuspended(bucket: OpenBucket, terminal: Terminal): Promise<void> {
  const { suspended } = await reached(bucket, logOf(bucket, terminal).find());
  for (const { tenantId: tenant, reason, by, at } of suspended) {
    terminal.result(JSON.stringify({ tenant, reason, by, at: new Date(at).toISOString() }));
  }
}

async function append(bucket: OpenBucket, edit: RevocationEdit, terminal: Terminal): Promise<void> {
  await reached(bucket, logOf(bucket, terminal).append(edit));
}

function logOf({ store }: OpenBucket, terminal: Terminal): RevocationLog {
  const context = { store, clock: systemClock, random: systemRandom };
  return new RevocationLog(context, {
    repaired: ({ from, to }) =>
      terminal.say(`states ${from} to ${to} cannot be read, and were passed over: look with \`suspended\` who is`),
  });
}

async function reached<T>(bucket: OpenBucket, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isLeaseholdError(error) || error.kind === 'internal') throw error;
    const hint = error.kind === 'unknown' ? '; whether it was written is not known: run it again' : '';
    throw new CliError(`${bucket.name}: ${error.message}${hint}`, 1, { cause: error });
  }
}

function tenantOf(text: string): TenantId {
  if (isTenantId(text)) return text;
  throw new CliError(`this is no id of a tenant: ${text}`);
}
