import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ChaosReport, ChaosSettings } from '@leasehold/chaos';
import { describe, expect, it } from '@jest/globals';

import { chaos } from './chaos.js';

const OPTIONS = { minutes: 1, seed: 7, rate: 50, faults: [], json: true };

function terminal() {
  const results: string[] = [];
  return { results, say: () => undefined, result: (text: string) => void results.push(text) };
}

describe('./leasehold chaos', () => {
  it('prints one line of JSON, and leaves nothing behind when everything held', async () => {
    let settings: ChaosSettings | undefined;
    const out = terminal();
    await chaos(OPTIONS, out, {}, async (given) => {
      settings = given;
      mkdirSync(join(given.folder, 'logs'));
      writeFileSync(join(given.folder, 'logs', 'worker-1.log'), 'line');
      return { acknowledged: 5, missed: [] } as unknown as ChaosReport;
    });
    expect(out.results.map((line) => JSON.parse(line))).toEqual([{ acknowledged: 5, missed: [] }]);
    expect(settings).toMatchObject({ minutes: 1, seed: 7, requestsPerSecond: 50, only: [] });
    expect(existsSync(settings?.folder ?? '')).toBe(false);
  });

  it('fails and keeps the logs when a promise was not kept', async () => {
    let folder = '';
    const out = terminal();
    const run = chaos(OPTIONS, out, {}, async (given) => {
      folder = given.folder;
      return { missed: ['lost: 1'] } as unknown as ChaosReport;
    });
    await expect(run).rejects.toThrow('seed 7');
    expect(out.results).toHaveLength(1);
    expect(existsSync(folder)).toBe(true);
  });

  it('names the faults that there are when one is not known', async () => {
    await expect(chaos({ ...OPTIONS, faults: ['worker-kil'] }, terminal(), {})).rejects.toThrow('worker-kill');
  });
});
