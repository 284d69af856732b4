import type { ByteDatabase } from '@leasehold/client';
import type { ApiKeyRecord, Control, Scope } from '@leasehold/client/control';
import { connectControl } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlAccessOf } from './access.js';
import type { Output } from './output.js';

export interface ApiKeyOptions {
  readonly create?: string;
  readonly scopes?: readonly string[];
  readonly databases?: readonly string[];
  readonly prefix?: string;
  readonly expiresAt?: string;
  readonly rotate?: string;
  readonly overlap?: number;
  readonly endPrevious?: string;
  readonly revoke?: string;
}

export async function apiKeys(options: ApiKeyOptions, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const { create, scopes, databases: names, prefix, expiresAt, rotate, overlap, endPrevious, revoke } = options;
  if ([create, rotate, endPrevious, revoke].filter((wanted) => wanted !== undefined).length > 1) {
    throw new CliError('give one of --create, --rotate, --end-previous and --revoke');
  }
  if (create === undefined && (scopes ?? names ?? prefix ?? expiresAt) !== undefined) {
    throw new CliError('--scopes, --databases, --prefix and --expires-at belong to --create');
  }
  if (rotate === undefined && overlap !== undefined) throw new CliError('--overlap belongs to --rotate');
  const { apiKeys: keys } = controlOf(env);
  if (rotate !== undefined) return showOnce(await keys.rotate(rotate, { overlapSeconds: overlap }), output);
  if (endPrevious !== undefined) {
    await keys.endPrevious(endPrevious);
    if (output.json) return output.line(JSON.stringify({ ended: endPrevious }));
    return output.say(`the previous secret of ${endPrevious} has ended`);
  }
  if (revoke !== undefined) {
    await keys.revoke(revoke);
    return output.json ? output.line(JSON.stringify({ revoked: revoke })) : output.say(`${revoke} is revoked`);
  }
  if (create === undefined) {
    for await (const key of keys.list()) await output.line(output.json ? JSON.stringify(key) : lineOf(key));
    return;
  }
  if (scopes === undefined) throw new CliError('--scopes is needed, such as --scopes data:read,data:write');
  const confines = { databases: names, prefix };
  const rights = { scopes: scopes as readonly Scope[], ...confines, expiresAt: timeOf(expiresAt) };
  return showOnce(await keys.create({ name: create, ...rights }), output);
}

function showOnce(made: ApiKeyRecord & { readonly key: string }, output: Output): Promise<void> {
  if (output.json) return output.line(JSON.stringify(made));
  if (made.previous !== null)
    output.say(`the key before, …${made.previous.lastFour}, works until ${made.previous.endsAt}`);
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

/** The control plane, by what is kept and what the environment says. */
export function controlOf(env: NodeJS.ProcessEnv): Control {
  const { url, apiKey } = controlAccessOf(env);
  return connectControl({ url, key: apiKey });
}

function lineOf(key: ApiKeyRecord): string {
  const { id, name, lastFour, scopes, databases: names, prefix64, revokedAt, expiresAt, lastUsedAt, previous } = key;
  const state = [
    revokedAt === null ? expiresAt && `until ${expiresAt}` : `revoked ${revokedAt}`,
    names && `only ${names.join(',')}`,
    prefix64 && `only keys from ${Buffer.from(prefix64, 'base64url').toString()}`,
    lastUsedAt && `used ${lastUsedAt}`,
    previous && `…${previous.lastFour} until ${previous.endsAt}`,
  ].filter(Boolean);
  return [id, name, `…${lastFour}`, scopes.join(','), state.join('; ')].join('\t').trimEnd();
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new CliError('--expires-at takes a time such as 2030-01-31T00:00:00Z');
  return time;
}
