import type { Control, DatabaseChange, DatabaseFilter, DatabaseRecord, NewDatabase } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlOf } from './account.js';
import type { Output } from './output.js';

export interface DatabaseCommandOptions {
  readonly create: boolean;
  /** JSON of options. */
  readonly set?: string;
  readonly delete: boolean;
  /** An id. */
  readonly undelete?: string;
  readonly search?: string;
  readonly label?: string;
  readonly deleted: boolean;
}

/** All databases, those of a filter, or one: by name or id, or made, changed, deleted or had back. */
export async function databases(
  name: string | undefined,
  options: DatabaseCommandOptions,
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  refuseContradictions(name, options);
  const { databases: all } = controlOf(env);
  const show = (database: DatabaseRecord): Promise<void> =>
    output.line(output.json ? JSON.stringify(database) : lineOf(database));
  const one = await act(all, name, options);
  if (one !== undefined) return show(one);
  for await (const database of all.list(filterOf(options))) await show(database);
}

/** Undefined: none alone is meant. */
async function act(
  all: Control['databases'],
  name: string | undefined,
  { create, set, delete: isDeleted, undelete }: DatabaseCommandOptions,
): Promise<DatabaseRecord | undefined> {
  if (undelete !== undefined) return all.undelete(undelete, { name });
  if (name === undefined) return undefined;
  if (isDeleted) return all.delete(name);
  const chosen = set === undefined ? undefined : optionsOf(set);
  if (create) return all.create({ ...chosen, name } as NewDatabase);
  return chosen === undefined ? all.get(name) : all.change(name, chosen);
}

function refuseContradictions(name: string | undefined, options: DatabaseCommandOptions): void {
  const { create, set, delete: isDeleted, undelete, search, label, deleted } = options;
  if ([create, isDeleted, undelete !== undefined].filter(Boolean).length > 1) {
    throw new CliError('give one of --create, --delete and --undelete');
  }
  if (set !== undefined && (isDeleted || undelete !== undefined)) throw new CliError('--set is for --create, or alone');
  if (name === undefined && (create || isDeleted || set !== undefined)) throw new CliError('give the database a name');
  const isFiltered = search !== undefined || label !== undefined || deleted;
  if (isFiltered && (name !== undefined || undelete !== undefined)) {
    throw new CliError('--search, --label and --deleted are for lists');
  }
}

function filterOf({ search, label, deleted }: DatabaseCommandOptions): DatabaseFilter {
  if (label === undefined) return { search, deleted };
  const colon = label.indexOf(':');
  if (colon < 1) throw new CliError('--label takes key:value');
  return { search, deleted, label: { key: label.slice(0, colon), value: label.slice(colon + 1) } };
}

function optionsOf(json: string): DatabaseChange {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new CliError('--set takes an object of JSON, such as {"labels":{"tier":"gold"}}');
}

function lineOf({ name, id, createdAt, purgeAt }: DatabaseRecord): string {
  return `${name}\t${id}\t${createdAt}${purgeAt ? `\tuntil ${purgeAt}` : ''}`;
}
