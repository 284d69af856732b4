#!/usr/bin/env node
// Computes an issued invoice anew, from usage records in the bucket and from prices alone, and prints every difference. It imports nothing that the product meters or bills with:
// it is a second reading of docs/formats/usage.md and docs/billing.md.
//
//   LEASEHOLD_TOKEN=… node tools/recompute-invoice.mjs --api http://127.0.0.1:4001 --invoice 2026-11 --bucket leasehold
//
// `--folder PATH` reads objects from files instead of a bucket; `--save FILE` keeps what the control plane told, and `--bundle FILE` goes by that instead of asking it. Exits with 0
// where there is no difference, with 1 where there is one, and with 2 where it could not be found out.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { beyond, differences, fitting, issuedLines } from './recompute-invoice/comparison.mjs';
import { readBundle } from './recompute-invoice/invoice-api.mjs';
import { expectedLines } from './recompute-invoice/pricing.mjs';
import { usesOf } from './recompute-invoice/usage.mjs';
import { bucketReader, folderReader, readRecords } from './recompute-invoice/usage-records.mjs';

/** Closed months of which late usage is billed. */
const LATE_MONTHS = 3;

/** @typedef {import('./recompute-invoice/invoice-api.mjs').Bundle} Bundle */

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function main() {
  const names = ['api', 'invoice', 'bucket', 'folder', 'bundle', 'save'];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
  const { api, invoice, bucket, folder, bundle, save } = /** @type {Record<string, string | undefined>} */ (values);
  if (!bucket === !folder) throw new Error('give one of --bucket and --folder');
  const told = await bundleOf({ api, invoice, bundle });
  if (save) await writeFile(save, JSON.stringify(told));
  const read = folder ? folderReader(folder) : await bucketReader(bucket ?? '', process.env);
  return report(told, await recompute(told, read));
}

/**
 * @param {{ api: string | undefined, invoice: string | undefined, bundle: string | undefined }} from
 * @returns {Promise<Bundle>}
 */
async function bundleOf({ api, invoice, bundle }) {
  if (bundle) return JSON.parse(await readFile(bundle, 'utf8'));
  if (!api || !invoice) throw new Error('give --api and --invoice, or --bundle');
  const token = process.env['LEASEHOLD_TOKEN'];
  if (!token) throw new Error('LEASEHOLD_TOKEN is not set');
  return readBundle(api, token, invoice);
}

/**
 * @param {Bundle} told
 * @param {import('./recompute-invoice/usage-records.mjs').ReadObject} read
 */
async function recompute(told, read) {
  const endsAt = deletionsOf(told);
  const { lines, read: count, problems } = await readRecords(read, told.records, new Set(endsAt.keys()));
  const uses = usesOf(lines);
  const found = [...problems, ...uses.problems];
  const month = { from: Date.parse(told.invoice.period.from), to: Date.parse(told.invoice.period.to) };
  const ends = new Map([...endsAt].flatMap(([id, at]) => (at === null ? [] : [[id, at]])));
  const issued = issuedLines(told.lines, told.databases);
  const before = told.earlier.flatMap((each) => issuedLines(each.lines, each.databases));
  let total = 0n;
  for (const each of monthsOf(month, issued)) {
    const expected = expectedLines(told.prices, uses.databases, ends, each);
    const billed = before.filter(({ periodFrom }) => periodFrom === each.from);
    const isOwn = each.from === month.from;
    // A month without an invoice may be one in which nothing was used, or one before billing began.
    if (!isOwn && billed.length === 0 && !issued.some(({ periodFrom }) => periodFrom === each.from)) continue;
    // What would make an invoice negative waits for the next.
    const lines = isOwn ? expected : fitting(beyond(expected, billed), total);
    total += lines.reduce((sum, { amount }) => sum + amount, 0n);
    const own = issued.filter(({ periodFrom }) => periodFrom === each.from);
    found.push(...differences(new Date(each.from).toISOString().slice(0, 7), lines, own));
  }
  if (total !== BigInt(told.invoice.total))
    found.push(`the total is ${total} by the records, ${told.invoice.total} on the invoice`);
  return { found, count, total };
}

/**
 * When databases of the organization were deleted, as it was when the invoice was issued; null: they were not.
 * @param {Bundle} told
 * @returns {Map<string, number | null>}
 */
function deletionsOf({ present, earlier, databases }) {
  const timeOf = (/** @type {string | null} */ text) => (text === null ? null : Date.parse(text));
  return new Map([
    ...present.map(({ id, deletedAt }) => /** @type {const} */ ([id, timeOf(deletedAt)])),
    ...[...earlier.flatMap((each) => each.databases), ...databases].map(
      ({ database, deletedAt }) => /** @type {const} */ ([database, timeOf(deletedAt)]),
    ),
  ]);
}

/**
 * The invoice's own, and then by time those of which something may have come late, and older ones that the invoice names: more was to be given back for them than earlier
 * invoices had room for.
 * @param {{ from: number, to: number }} month
 * @param {readonly { periodFrom: number }[]} issued
 */
function monthsOf({ from, to }, issued) {
  const date = new Date(from);
  const begin = (/** @type {number} */ back) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back);
  const late = Array.from({ length: LATE_MONTHS }, (_, i) => LATE_MONTHS - i).map((back) => ({
    from: begin(back),
    to: begin(back - 1),
  }));
  const waited = [...new Set(issued.map(({ periodFrom }) => periodFrom))]
    .filter((time) => time < begin(LATE_MONTHS))
    .sort((a, b) => a - b)
    .map((time) => ({ from: time, to: Date.UTC(new Date(time).getUTCFullYear(), new Date(time).getUTCMonth() + 1) }));
  return [{ from, to }, ...waited, ...late];
}

/**
 * @param {Bundle} told
 * @param {{ found: string[], count: number, total: bigint }} result
 */
function report({ invoice }, { found, count, total }) {
  const name = `${invoice.number} of ${invoice.period.from.slice(0, 7)}`;
  console.log(`${name}: ${count} records give ${total} ${invoice.currency}, the invoice has ${invoice.total}`);
  for (const difference of found) console.log(`  ${difference}`);
  console.log(found.length === 0 ? 'no difference' : `${found.length} differences`);
  return found.length === 0 ? 0 : 1;
}
