import { describe, expect, it } from '@jest/globals';

import { Phases, PHASES, sumOf } from './phases.js';

/** A clock that a test sets. */
function watch() {
  const clock = { ms: 1_000, monotonic: () => clock.ms };
  return clock;
}

describe('the phases of a request', () => {
  it('get the time that passes while it is in them', () => {
    const clock = watch();
    const phases = new Phases(clock, 'receive');
    clock.ms += 1;
    phases.enter('auth');
    clock.ms += 20;
    phases.enter('read');
    clock.ms += 300;
    phases.enter('auth');
    clock.ms += 4_000;
    expect(phases.times()).toMatchObject({ receive: 1, auth: 4_020, read: 300, put: 0 });
  });

  it('add up to all of the time, whatever way it took', () => {
    const clock = watch();
    const phases = new Phases(clock, 'other');
    for (let step = 0; step < 100; step++) {
      clock.ms += (step * 7) % 13;
      phases.enter(PHASES[(step * 5) % PHASES.length]!);
      if (step === 50) phases.reassign('read', { lease: 3, net: 2 });
    }
    expect(sumOf(phases.times())).toBeCloseTo(clock.ms - 1_000);
  });

  it('stand still once it has its answer, though its work goes on', () => {
    const clock = watch();
    const phases = new Phases(clock, 'read');
    clock.ms += 5;
    const times = phases.end();
    phases.enter('put');
    clock.ms += 70;
    phases.reassign('read', { net: 1 });
    expect(phases.end()).toBe(times);
    expect(times).toMatchObject({ read: 5, put: 0, net: 0 });
  });

  it('of one who joins shared work count what it waited, in the phases of that work', async () => {
    const clock = watch();
    const claim = new Phases(clock, 'lease');
    clock.ms += 1_000;
    const phases = new Phases(clock, 'auth');
    clock.ms += 2;
    let done = (_text: string): void => undefined;
    const joined = phases.sharing(claim, new Promise<string>((resolve) => (done = resolve)));
    clock.ms += 10;
    claim.enter('seal');
    clock.ms += 200;
    claim.enter('open');
    clock.ms += 30;
    done('claimed');
    expect(await joined).toBe('claimed');
    clock.ms += 1;
    expect(phases.times()).toMatchObject({ auth: 3, lease: 10, seal: 200, open: 30 });
  });

  it('of one who leaves shared work early count until then', async () => {
    const clock = watch();
    const claim = new Phases(clock, 'recover');
    const phases = new Phases(clock, 'other');
    const left = phases.sharing(claim, Promise.reject(new Error('no more time')));
    clock.ms += 9;
    await expect(left).rejects.toThrow('no more time');
    clock.ms += 100;
    expect(phases.times()).toMatchObject({ recover: 9, other: 100 });
    expect(claim.times()).toMatchObject({ recover: 109 });
  });

  it('are told in part by others, never more than there is', () => {
    const clock = watch();
    const phases = new Phases(clock, 'route');
    clock.ms += 100;
    phases.reassign('route', { net: 10, read: 30 });
    expect(phases.times()).toMatchObject({ route: 60, net: 10, read: 30 });
    phases.reassign('route', { put: 180, open: 60 });
    expect(phases.times()).toMatchObject({ route: 0, put: 45, open: 15 });
  });
});
