import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';
import { forkTypeScript } from '@leasehold/object-store-testing';

import { COLLECTION_FLAGS } from './garbage-collection.js';

const GARBAGE = fileURLToPath(new URL('../testing/garbage.ts', import.meta.url));

/** Ms that helpers have worked, by collection of young garbage. */
async function helpersMs(how: 'in short pauses' | 'as by default'): Promise<number[]> {
  const child = forkTypeScript(GARBAGE, { args: [how] });
  let told = '';
  child.stdout?.on('data', (piece) => (told += String(piece)));
  await new Promise((resolve) => child.once('close', resolve));
  return [...told.matchAll(/gc=s .* background\.scavenge\.parallel=([\d.]+)/g)].map(([, ms]) => Number(ms));
}

describe('garbage collection in short pauses', () => {
  it('has no helpers for young garbage', async () => {
    const ours = await helpersMs('in short pauses');
    expect(ours.length).toBeGreaterThan(3);
    expect(Math.max(...ours)).toBe(0);
    expect(Math.max(...(await helpersMs('as by default')))).toBeGreaterThan(0);
  }, 60_000);

  it('asks for nothing that this V8 does not have', () => {
    const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    for (const flag of COLLECTION_FLAGS)
      expect(options).toContain(`  ${flag.replace('--no-', '--').replace(/=.*/, '')} (`);
  });
});
