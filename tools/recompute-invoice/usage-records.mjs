// Usage records as docs/formats/usage.md describes them, read from a folder or an S3 bucket. Nothing of the product is imported: this is a second reading of that page.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const NUMBER_DIGITS = 20;
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** Requests to the bucket at once. */
const AT_ONCE = 16;

/**
 * @typedef {{ database: string, writes: unknown[][], reads: unknown[][], sizes: unknown[][] }} DatabaseLine
 * @typedef {(name: string) => Promise<Uint8Array | undefined>} ReadObject undefined: there is none
 */

/**
 * A bucket whose objects are files in a folder, by their names.
 * @param {string} folder
 * @returns {ReadObject}
 */
export function folderReader(folder) {
  return async (name) => {
    try {
      return await readFile(join(folder, name));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

/**
 * A bucket of S3, with the settings of the services: `S3_ENDPOINT`, `S3_REGION`, `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`.
 * @param {string} bucket
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<ReadObject>}
 */
export async function bucketReader(bucket, env) {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = env;
  const client = new S3Client({
    region: S3_REGION ?? 'us-east-1',
    forcePathStyle: true,
    ...(S3_ENDPOINT ? { endpoint: S3_ENDPOINT } : {}),
    ...(S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY
      ? { credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY } }
      : {}),
  });
  return async (name) => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: name }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  };
}

/**
 * What the records of the list say of some databases.
 *
 * @param {ReadObject} read
 * @param {readonly { session: string, first: number, last: number, count: number }[]} list
 * @param {ReadonlySet<string>} databases
 * @returns {Promise<{ lines: DatabaseLine[], read: number, problems: string[] }>}
 */
export async function readRecords(read, list, databases) {
  /** @type {DatabaseLine[]} */
  const lines = [];
  /** @type {string[]} */
  const problems = [];
  let count = 0;
  for (const { session, last, count: told } of list) {
    let good = 0;
    /** @type {string[]} */
    const bad = [];
    for (let from = 1; from <= last; from += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, last - from + 1) }, (_, i) => from + i);
      const records = await Promise.all(numbers.map((number) => readOne(read, session, number)));
      for (const record of records) {
        if (typeof record === 'string') {
          bad.push(record);
          continue;
        }
        good++;
        for (const line of record) if (databases.has(line.database)) lines.push(line);
      }
    }
    count += good;
    // A record that nobody could read is passed over by the roll-up too: then it is not in its count either.
    if (good !== told) problems.push(`session ${session}: ${told} records were counted, ${good} can be read`, ...bad);
  }
  return { lines, read: count, problems };
}

/**
 * @param {ReadObject} read
 * @param {string} session
 * @param {number} number
 * @returns {Promise<DatabaseLine[] | string>} what is wrong with it, where something is
 */
async function readOne(read, session, number) {
  const name = `usage/${session}/${String(number).padStart(NUMBER_DIGITS, '0')}`;
  const bytes = await read(name);
  if (bytes === undefined) return `${name} is not there`;
  try {
    const text = gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8');
    const [head, ...lines] = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    if (!text.endsWith('\n') || head.format !== 1) return `${name} is not of format 1`;
    if (head.session !== session || head.number !== number) return `${name} is another record`;
    if (head.databases !== lines.length) return `${name} has another number of databases than it says`;
    return lines;
  } catch (error) {
    return `${name} cannot be read: ${error instanceof Error ? error.message : 'damaged'}`;
  }
}

/**
 * The name of a set of rows, whatever their order (docs/billing.md).
 * @param {readonly string[]} texts
 */
export function digestOf(texts) {
  const sum = texts.reduce(
    (total, text) => total + createHash('sha256').update(text, 'utf8').digest().readBigUInt64BE(0),
    0n,
  );
  return (sum % 2n ** 64n).toString(16).padStart(16, '0');
}
