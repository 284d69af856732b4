import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';
import { forkTypeScript } from '@leasehold/object-store-testing';

const YOUNG_GARBAGE = fileURLToPath(new URL('../testing/young-garbage.ts', import.meta.url));

/** Ms that helpers have worked, by collection. */
async function helpersMs(how: 'alone' | 'with helpers'): Promise<number[]> {
  const child = forkTypeScript(YOUNG_GARBAGE, { args: [how] });
  let told = '';
  child.stdout?.on('data', (piece) => (told += String(piece)));
  await new Promise((resolve) => child.once('close', resolve));
  return [...told.matchAll(/gc=s .* background\.scavenge\.parallel=([\d.]+)/g)].map(([, ms]) => Number(ms));
}

describe('young collections', () => {
  it('have no helpers where the thread collects alone', async () => {
    const alone = await helpersMs('alone');
    expect(alone.length).toBeGreaterThan(3);
    expect(Math.max(...alone)).toBe(0);
    expect(Math.max(...(await helpersMs('with helpers')))).toBeGreaterThan(0);
  }, 60_000);
});
