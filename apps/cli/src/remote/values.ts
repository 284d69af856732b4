import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import type { ByteDatabase } from '@leasehold/client';

import { CliError, explainFileError } from '../cli-error.js';
import { EXIT } from './explain-refusal.js';
import type { KeyNotation } from './key-notation.js';
import { keyMember, parseKey } from './key-notation.js';
import { keyRange } from './key-range.js';
import type { Output } from './output.js';
import { valueMember } from './output.js';

export interface KeyOptions {
  readonly keys: KeyNotation;
}

export interface PutOptions extends KeyOptions {
  readonly file?: string;
  readonly ifVersion?: string;
  readonly ifAbsent?: boolean;
  readonly ifExists?: boolean;
  readonly ttl?: number;
}

export interface DeleteOptions extends KeyOptions {
  readonly prefix?: string;
  readonly ifVersion?: string;
  readonly ifExists?: boolean;
}

const MAX_VALUE_BYTES = 512 * 1024;

/** The value as it is. @throws CliError there is no such key */
export async function get(
  database: ByteDatabase,
  key: string,
  { keys, at }: KeyOptions & { readonly at?: string },
  output: Output,
): Promise<void> {
  const entry = await database.get(parseKey(key, keys), { at: at === undefined ? undefined : pointInTime(at) });
  if (entry === undefined) throw new CliError('there is no such key', EXIT.notFound);
  if (!output.json) return output.bytes(entry.value);
  await output.line(
    JSON.stringify({ ...keyMember('key', entry.key, keys), ...valueMember(entry.value), version: entry.version }),
  );
}

/** The value is an argument, a file, or what is piped in. */
export async function put(
  database: ByteDatabase,
  key: string,
  value: string | undefined,
  options: PutOptions,
  output: Output,
): Promise<void> {
  const given = [options.ifVersion !== undefined, options.ifAbsent, options.ifExists].filter(Boolean);
  if (given.length > 1) throw new CliError('give one of --if-version, --if-absent, --if-exists');
  const { version } = await database.put(parseKey(key, options.keys), await valueBytes(value, options.file), {
    ...(options.ifAbsent ? { ifVersion: null } : conditionOf(options)),
    ttlSeconds: options.ttl,
  });
  await tellVersion(version, output);
}

export async function remove(
  database: ByteDatabase,
  key: string | undefined,
  { keys, prefix, ifVersion, ifExists }: DeleteOptions,
  output: Output,
): Promise<void> {
  if ((key === undefined) === (prefix === undefined)) throw new CliError('give a key, or --prefix');
  if (key !== undefined) {
    const { version } = await database.delete(parseKey(key, keys), conditionOf({ ifVersion, ifExists }));
    return tellVersion(version, output);
  }
  if (ifVersion !== undefined || ifExists) throw new CliError('a range takes no condition');
  if (parseKey(prefix ?? '', keys).byteLength === 0) throw new CliError('an empty prefix would delete everything');
  await tellVersion((await database.deleteRange(keyRange({ prefix }, keys))).version, output);
}

/** @throws CliError neither a version nor a time */
export function pointInTime(text: string): string | Date {
  if (/^[0-9a-f]{20}$/.test(text)) return text;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new CliError('--at takes a version, or a time such as 2026-01-31T12:00:00Z');
  return time;
}

/** Only what is given: the client refuses a condition without a value. */
function conditionOf({ ifVersion, ifExists }: Pick<PutOptions, 'ifVersion' | 'ifExists'>) {
  return { ...(ifVersion === undefined ? {} : { ifVersion }), ...(ifExists ? { ifExists: true as const } : {}) };
}

function tellVersion(version: string, output: Output): Promise<void> {
  return output.line(output.json ? JSON.stringify({ version }) : version);
}

async function valueBytes(value: string | undefined, file: string | undefined): Promise<Uint8Array> {
  if (value !== undefined && file !== undefined) throw new CliError('give a value, or --file');
  if (value !== undefined) return Buffer.from(value);
  if (file !== undefined && file !== '-') return fileBytes(file);
  if (process.stdin.isTTY) throw new CliError('give a value, --file, or pipe one in');
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_VALUE_BYTES) throw tooLarge();
  }
  return Buffer.concat(chunks);
}

/** Also of a pipe, which has no size: never more than a value may have is read. @throws CliError */
export function fileBytes(path: string): Uint8Array {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw cannotRead(path, error);
  }
  try {
    if (fstatSync(descriptor).size > MAX_VALUE_BYTES) throw tooLarge();
    const bytes = Buffer.alloc(MAX_VALUE_BYTES + 1);
    let sizeBytes = 0;
    let readBytes: number;
    do {
      readBytes = readSync(descriptor, bytes, sizeBytes, bytes.byteLength - sizeBytes, null);
      sizeBytes += readBytes;
    } while (readBytes > 0 && sizeBytes <= MAX_VALUE_BYTES);
    if (sizeBytes > MAX_VALUE_BYTES) throw tooLarge();
    return bytes.subarray(0, sizeBytes);
  } catch (error) {
    throw error instanceof CliError ? error : cannotRead(path, error);
  } finally {
    closeSync(descriptor);
  }
}

function cannotRead(path: string, cause: unknown): CliError {
  return new CliError(explainFileError(cause) ?? `${path} cannot be read`, 1, { cause });
}

function tooLarge(): CliError {
  return new CliError(`a value has at most ${MAX_VALUE_BYTES} bytes`);
}
