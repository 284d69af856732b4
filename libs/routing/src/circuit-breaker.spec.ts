import { describe, expect, it } from '@jest/globals';

import { CircuitBreaker } from './circuit-breaker.js';

const SETTINGS = { failuresToOpen: 3, openMs: 100, maxOpenMs: 350 };

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(SETTINGS);
  for (let i = 0; i < 3; i++) breaker.failed(0);
  return breaker;
}

describe('CircuitBreaker', () => {
  it('stays closed while failures are not in a row', () => {
    const breaker = new CircuitBreaker(SETTINGS);
    for (let i = 0; i < 10; i++) {
      breaker.failed(i);
      breaker.failed(i);
      breaker.succeeded();
    }
    expect(breaker.allows(10)).toBe(true);
  });

  it('opens after failures in a row, then lets one trial through', () => {
    const breaker = opened();
    expect([breaker.allows(0), breaker.allows(99), breaker.isOpen(99)]).toEqual([false, false, true]);
    expect([breaker.isOpen(100), breaker.allows(100), breaker.allows(100), breaker.isOpen(100)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('closes when the trial succeeds', () => {
    const breaker = opened();
    breaker.allows(100);
    breaker.succeeded();
    expect([breaker.allows(100), breaker.allows(100)]).toEqual([true, true]);
  });

  it('stays open longer after each failed trial, up to a bound', () => {
    const breaker = opened();
    let now = 100;
    for (const openMs of [200, 350, 350]) {
      expect(breaker.allows(now)).toBe(true);
      breaker.failed(now);
      expect([breaker.allows(now + openMs - 1), breaker.isOpen(now + openMs)]).toEqual([false, false]);
      now += openMs;
    }
  });

  it('does not stay open longer for all the requests that one outage broke', () => {
    const breaker = opened();
    for (let i = 0; i < 100; i++) breaker.failed(50);
    expect([breaker.allows(99), breaker.allows(100)]).toEqual([false, true]);
  });

  it('allows another trial when one never reports', () => {
    const breaker = opened();
    expect(breaker.allows(100)).toBe(true);
    expect([breaker.allows(449), breaker.allows(450)]).toEqual([false, true]);
  });
});
