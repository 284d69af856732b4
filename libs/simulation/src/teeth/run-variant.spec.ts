import { describe, expect, it } from '@jest/globals';

import { PatchMismatchError } from './broken-sources.js';
import { runTeeth } from './run-teeth.js';
import { runVariant, UnfitVariantError } from './run-variant.js';
import type { Patch, Variant } from './variant.js';

const SETTLEMENT = 'libs/object-store/src/settlement.ts';
const JUDGE = 'libs/simulation/src/teeth/testing/creation-judge.ts';
const IF_OWN = "isOwn ? { outcome: 'done', etag: object.etag } :";

/** Takes what it has created itself for somebody else's. */
const BREAK: Patch = { file: SETTLEMENT, find: IF_OWN, replace: '' };

const run = (patches: readonly Patch[], options: { from?: number; seeds?: number; limitMs?: number } = {}) =>
  runVariant({ name: 'of-a-test', patches }, { from: 2, seeds: 3, judge: JUDGE, ...options });

describe('the run of a variant', () => {
  it('ends with the first seed that gives the variant away', async () => {
    const { caughtBy, seedsTaken, crashedSeeds } = await run([BREAK]);
    expect(caughtBy).toEqual({ seed: 3, rule: 'P1', what: 'creation of seed 3 was answered as exists' });
    expect({ seedsTaken, crashedSeeds }).toEqual({ seedsTaken: 2, crashedSeeds: 0 });
  });

  it.each([
    ['no patch', []],
    ['a patch that changes nothing', [{ ...BREAK, replace: IF_OWN }]],
  ])('survives with %s', async (_, patches) => {
    const { caughtBy, seedsTaken, crashedSeeds } = await run(patches);
    expect({ caughtBy, seedsTaken, crashedSeeds }).toEqual({ caughtBy: undefined, seedsTaken: 3, crashedSeeds: 0 });
  });

  it('applies several patches to one file', async () => {
    const unknown = { file: SETTLEMENT, find: "if (answer.outcome !== 'unknown') return answer;", replace: '' };
    // Nothing is ever clear, so that the time is up before there is an answer to be wrong about.
    const { caughtBy, crash } = await run([BREAK, unknown]);
    expect(caughtBy).toBeUndefined();
    expect(crash).toContain('UnknownOutcomeError');
  });

  it.each([
    ['is gone', 'a text that was here before', 0],
    ['occurs more than once', 'settlement.afterUnknown', 5],
  ])('fails loudly where the text of a patch %s', async (_, find, times) => {
    const running = run([{ file: SETTLEMENT, find, replace: '' }]);
    await expect(running).rejects.toThrow(PatchMismatchError);
    await expect(running).rejects.toThrow(`${times} times instead of once in ${SETTLEMENT}`);
  });

  it('fails loudly where the patched code does not even load', async () => {
    await expect(run([{ ...BREAK, replace: '(' }])).rejects.toThrow(UnfitVariantError);
  });

  it.each([
    ['in what it is asked for', "throw new Error('of its own')"],
    ['on the side', "void Promise.reject(new Error('of its own'))"],
    ['in a callback', "setImmediate(() => { throw new Error('of its own'); }); await new Promise(() => {})"],
    ['by ending its process', "console.error('of its own'); process.exit(3)"],
  ])('counts a crash %s as nothing', async (_, crash) => {
    const put = "const answer = await settlement.put(key, body, 'create');";
    const {
      caughtBy,
      crash: told,
      crashedSeeds,
    } = await run([{ file: SETTLEMENT, find: put, replace: `${crash};${put}` }]);
    expect(caughtBy).toBeUndefined();
    expect(crashedSeeds).toBeGreaterThan(0);
    expect(told).toContain('of its own');
  });

  it('is over when its time is', async () => {
    const endless: Patch = { file: SETTLEMENT, find: 'this.backoff = new Backoff(ctx.random);', replace: 'for (;;);' };
    const { caughtBy, isOutOfTime, seedsTaken } = await run([endless], { limitMs: 1_500 });
    expect({ caughtBy, isOutOfTime, seedsTaken }).toEqual({ caughtBy: undefined, isOutOfTime: true, seedsTaken: 0 });
  });
});

describe('a run of several variants', () => {
  const VARIANTS: readonly Variant[] = [
    { name: 'breaks', invariant: 'P1', breaks: 'it is broken', patches: [BREAK] },
    { name: 'is-right', invariant: 'P1', breaks: 'it is not', patches: [] },
  ];

  it('tells who survived', async () => {
    const heard: string[] = [];
    const report = await runTeeth({
      from: 1,
      seedsPerVariant: 2,
      judge: JUDGE,
      variants: VARIANTS,
      onRun: ({ variant }) => heard.push(variant),
    });
    expect(report).toMatchObject({ variants: 2, caught: 1 });
    expect(report.each.map(({ variant, caughtBy }) => [variant, caughtBy?.seed])).toEqual([
      ['breaks', 1],
      ['is-right', undefined],
    ]);
    expect(heard.sort()).toEqual(['breaks', 'is-right']);
  });

  it('takes those that are named, and no others', async () => {
    const options = { from: 1, seedsPerVariant: 2, judge: JUDGE, variants: VARIANTS };
    expect(await runTeeth({ ...options, names: ['breaks'] })).toMatchObject({ variants: 1, caught: 1 });
    await expect(runTeeth({ ...options, names: ['unheard-of'] })).rejects.toThrow('no variant is called unheard-of');
  });
});
