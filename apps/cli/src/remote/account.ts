import type { ByteDatabase } from '@leasehold/client';
import type { ApiKeyRecord, Control, DatabaseRecord, Scope } from '@leasehold/client/control';
import { connectControl } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { accessOf } from './access.js';
import type { Output } from './output.js';

export interface ApiKeyOptions {
  readonly create?: string;
  readonly scopes?: readonly string[];
  readonly expiresAt?: string;
  readonly revoke?: string;
}

/** All databases, or one: by name or id, or made under this name. */
export async function databases(
  name: string | undefined,
  { create }: { readonly create: boolean },
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  const control = controlOf(env);
  const show = (database: DatabaseRecord): Promise<void> =>
    output.line(output.json ? JSON.stringify(database) : `${database.name}\t${database.id}\t${database.createdAt}`);
  if (name !== undefined)
    return show(await (create ? control.databases.create({ name }) : control.databases.get(name)));
  if (create) throw new CliError('give the database a name');
  for await (const database of control.databases.list()) await show(database);
}

export async function apiKeys(options: ApiKeyOptions, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const { create, scopes, expiresAt, revoke } = options;
  if (create !== undefined && revoke !== undefined) throw new CliError('give --create or --revoke');
  if (create === undefined && (scopes ?? expiresAt) !== undefined) {
    throw new CliError('--scopes and --expires-at belong to --create');
  }
  const { apiKeys: keys } = controlOf(env);
  if (revoke !== undefined) {
    await keys.revoke(revoke);
    return output.json ? output.line(JSON.stringify({ revoked: revoke })) : output.say(`${revoke} is revoked`);
  }
  if (create === undefined) {
    for await (const key of keys.list()) await output.line(output.json ? JSON.stringify(key) : lineOf(key));
    return;
  }
  if (scopes === undefined) throw new CliError('--scopes is needed, such as --scopes data:read,data:write');
  const made = await keys.create({ name: create, scopes: scopes as readonly Scope[], expiresAt: timeOf(expiresAt) });
  if (output.json) return output.line(JSON.stringify(made));
  output.say('this is the only time that the key is shown:');
  return output.line(made.key);
}

export async function stats(database: ByteDatabase, output: Output): Promise<void> {
  const known = await database.stats();
  if (output.json) return output.line(JSON.stringify(known));
  for (const [name, value] of Object.entries({ ...known, database: known.database.name, id: known.database.id })) {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '-');
    await output.line(`${name}\t${text}`);
  }
}

function controlOf(env: NodeJS.ProcessEnv): Control {
  const { controlUrl, apiKey } = accessOf(env);
  if (controlUrl === undefined) {
    throw new CliError(
      'where is the control plane? give --control-url to "leasehold login", or set LEASEHOLD_CONTROL_URL',
    );
  }
  return connectControl({ url: controlUrl, key: apiKey });
}

function lineOf({ id, name, lastFour, scopes, revokedAt, expiresAt }: ApiKeyRecord): string {
  const state = revokedAt !== null ? `revoked ${revokedAt}` : expiresAt === null ? '' : `until ${expiresAt}`;
  return [id, name, `…${lastFour}`, scopes.join(','), state].join('\t').trimEnd();
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new CliError('--expires-at takes a time such as 2030-01-31T00:00:00Z');
  return time;
}
