import { describe, expect, it } from '@jest/globals';

import { Turns } from './turns.js';

describe('turns', () => {
  it('runs tasks one at a time in the order of their coming, whatever becomes of them', async () => {
    const turns = new Turns();
    const trace: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        trace.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        trace.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = Promise.allSettled([turns.run(task('a')), turns.run(task('b', true)), turns.run(task('c'))]);
    expect(turns.length).toBe(3);
    expect(await results).toMatchObject([{ value: 'a' }, { reason: { message: 'b' } }, { value: 'c' }]);
    expect(trace).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(turns.length).toBe(0);
  });
});
