import { describe, expect, it } from '@jest/globals';

import { CallGate, MAX_WAITING_CALLS } from './call-gate.js';

describe('gate of the connections', () => {
  function gateOf(places: number, reserved: number) {
    const gate = new CallGate(places, reserved);
    const admitted: string[] = [];
    const enter = (name: string, urgent = false) => {
      const go = () => void admitted.push(name);
      gate.enter(go, urgent);
      return go;
    };
    return { gate, admitted, enter };
  }

  it('lets in as many as there are places, the others in their order as places become free', () => {
    const { gate, admitted, enter } = gateOf(2, 1);
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    expect(admitted).toEqual(['a', 'b']);
    gate.leave();
    expect(admitted).toEqual(['a', 'b', 'c']);
    gate.leave();
    gate.leave();
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps the reserved places for urgent calls, and lets those go first', () => {
    const { gate, admitted, enter } = gateOf(1, 1);
    for (const name of ['a', 'b']) enter(name);
    for (const name of ['U', 'V']) enter(name, true);
    expect(admitted).toEqual(['a', 'U']);
    gate.leave();
    expect(admitted).toEqual(['a', 'U', 'V']);
    gate.leave();
    expect(admitted).toEqual(['a', 'U', 'V']);
    gate.leave();
    expect(admitted).toEqual(['a', 'U', 'V', 'b']);
  });

  it('lets no withdrawn call in, and keeps the place of one that is in', () => {
    const { gate, admitted, enter } = gateOf(1, 0);
    gate.withdraw(enter('a'));
    gate.withdraw(enter('b'));
    enter('c');
    expect(admitted).toEqual(['a']);
    gate.leave();
    expect(admitted).toEqual(['a', 'c']);
  });

  it('survives thousands of calls that leave as they enter, and refuses more than may wait', () => {
    const gate = new CallGate(1, 0);
    let left = 0;
    gate.enter(() => undefined, false);
    const failing = () => () => {
      left++;
      gate.leave();
    };
    for (let i = 0; i < MAX_WAITING_CALLS; i++) gate.enter(failing(), false);
    expect(() => gate.enter(failing(), false)).toThrow('wait for a connection');
    expect(left).toBe(0);
    gate.leave();
    expect(left).toBe(MAX_WAITING_CALLS);
  });
});
