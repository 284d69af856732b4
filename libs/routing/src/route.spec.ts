import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';

import type { HopResult } from './hop-result.js';
import { rendezvousOrder } from './rendezvous.js';
import { Route } from './route.js';
import type { RouteSettings, RouteStep, RouteView } from './route.js';

const DATABASE = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId;
const session = (name: string) => name as SessionId;
const [a, b, c] = ['a', 'b', 'c'].map(session) as [SessionId, SessionId, SessionId];
const ORDER = rendezvousOrder(DATABASE, [a, b, c]);
const [first, second, third] = ORDER as [SessionId, SessionId, SessionId];
const HOLD_MS = 12_000;

const view = (more: Partial<RouteView> = {}): RouteView => ({
  live: [a, b, c],
  avoid: new Set(),
  elapsedMs: 0,
  ...more,
});
const route = (more: Partial<RouteSettings> = {}) =>
  new Route({ database: DATABASE, repetition: 'unsafe', hint: undefined, holdMs: HOLD_MS, ...more });
const tries = (to: SessionId, waitForOwner?: SessionId): RouteStep => ({ kind: 'try', session: to, waitForOwner });
const draining = (from: SessionId): HopResult => ({
  kind: 'not-applied',
  from,
  code: 'service-draining',
  retryAfterMs: undefined,
});

describe('Route', () => {
  it('asks the worker that the database prefers, or who answered last', () => {
    expect(route().next(view())).toEqual(tries(first));
    expect(route({ hint: third }).next(view())).toEqual(tries(third));
  });

  it('tells others to wait for a hinted owner that is gone, without looking for it', () => {
    expect(route({ hint: session('gone') }).next(view())).toEqual(tries(first, session('gone')));
  });

  it('follows a redirection to a session that it knows', () => {
    const way = route();
    way.next(view());
    way.report({ kind: 'misdirected', from: first, owner: third });
    expect(way.next(view())).toEqual(tries(third));
  });

  it('looks an owner up that it does not know, and goes there when it lives', () => {
    const way = route();
    way.next(view({ live: [a, b] }));
    way.report({ kind: 'misdirected', from: a, owner: session('new') });
    expect(way.next(view({ live: [a, b] }))).toEqual({ kind: 'look-up', session: 'new' });
    expect(way.next(view({ live: [a, b, session('new')] }))).toEqual(tries(session('new')));
  });

  it('never goes to an owner that no record vouches for, but has a worker wait for its end', () => {
    const way = route();
    way.next(view());
    way.report({ kind: 'misdirected', from: first, owner: session('fake') });
    expect(way.next(view())).toEqual({ kind: 'look-up', session: 'fake' });
    expect(way.next(view())).toEqual(tries(first, session('fake')));
  });

  it('has another worker wait for an owner that cannot be reached, also when that worker names it again', () => {
    const way = route({ hint: first });
    way.next(view());
    way.report({ kind: 'unreachable', from: first });
    expect(way.next(view())).toEqual(tries(second, first));
    way.report({ kind: 'misdirected', from: second, owner: first });
    expect(way.next(view())).toEqual(tries(second, first));
  });

  it('goes back to an owner that could not be reached, when a worker has waited for its end in vain', () => {
    const way = route({ hint: first });
    way.next(view());
    way.report({ kind: 'unreachable', from: first });
    expect(way.next(view())).toEqual(tries(second, first));
    way.report({ kind: 'not-applied', from: second, code: 'owner-unavailable', retryAfterMs: 500 });
    expect(way.next(view())).toMatchObject({ kind: 'wait', ms: 500 });
    expect(way.next(view())).toEqual(tries(first));
    way.report({ kind: 'unreachable', from: first });
    expect(way.next(view())).toEqual(tries(second, first));
    way.report({ kind: 'not-applied', from: second, code: 'owner-unavailable', retryAfterMs: 500 });
    way.next(view());
    expect(way.next(view({ live: [second, third] }))).toEqual(tries(second, first));
  });

  it('leaves out workers behind an open breaker', () => {
    expect(route({ hint: first }).next(view({ avoid: new Set([first]) }))).toEqual(tries(second, first));
  });

  it('never repeats a mutation whose answer was lost', () => {
    const way = route();
    way.next(view());
    way.report({ kind: 'lost', from: first });
    for (let i = 0; i < 3; i++) expect(way.next(view())).toEqual({ kind: 'give-up', code: 'outcome-unknown' });
  });

  it('repeats a read whose answer was lost, elsewhere', () => {
    const way = route({ repetition: 'harmless' });
    way.next(view());
    way.report({ kind: 'lost', from: first });
    expect(way.next(view())).toEqual(tries(second, first));
  });

  it('repeats a mutation with an idempotency key whose answer was lost, until the hold time ends', () => {
    const way = route({ repetition: 'once' });
    way.next(view());
    expect(way.believes('refusal')).toBe(true);
    way.report({ kind: 'lost', from: first });
    expect(way.next(view())).toEqual(tries(second, first));
    way.report({ kind: 'not-applied', from: second, code: 'owner-unavailable', retryAfterMs: undefined });
    expect(way.next(view({ elapsedMs: HOLD_MS }))).toEqual({ kind: 'give-up', code: 'outcome-unknown' });
  });

  it('believes only a success once an attempt was lost that may still be applied', () => {
    for (const [repetition, believed] of [
      ['harmless', true],
      ['once', false],
    ] as const) {
      const way = route({ repetition });
      way.next(view());
      way.report({ kind: 'lost', from: first });
      expect([way.believes('success'), way.believes('refusal')]).toEqual([true, believed]);
    }
  });

  it('moves on at once from a worker that drains or lost its session', () => {
    const way = route();
    way.next(view());
    way.report(draining(first));
    expect(way.next(view())).toEqual(tries(second, first));
    way.report({ ...draining(second), code: 'session-expired' } as HopResult);
    expect(way.next(view())).toEqual(tries(third, second));
  });

  it('waits as told, within bounds, before it asks again', () => {
    for (const [retryAfterMs, ms] of [
      [undefined, 50],
      [1, 50],
      [300, 300],
      [60_000, 1_000],
    ] as const) {
      const way = route();
      way.next(view());
      way.report({ kind: 'not-applied', from: first, code: 'owner-unavailable', retryAfterMs });
      expect(way.next(view())).toEqual({ kind: 'wait', ms, reason: 'not-applied' });
      expect(way.next(view())).toEqual(tries(first));
    }
  });

  it('waits for a worker to appear', () => {
    const way = route();
    expect(way.next(view({ live: [] }))).toMatchObject({ kind: 'wait', reason: 'no-live-worker' });
    expect(way.next(view({ live: [b] }))).toEqual(tries(b));
  });

  it('asks everybody again after all were out of reach', () => {
    const way = route();
    for (let i = 0; i < 3; i++) {
      const step = way.next(view());
      way.report({ kind: 'unreachable', from: step.kind === 'try' ? step.session : first });
    }
    expect(way.next(view())).toMatchObject({ kind: 'wait', reason: 'all-unreachable' });
    expect(way.next(view())).toEqual(tries(first, third));
  });

  it('never tells a worker to wait for itself', () => {
    const way = route({ hint: a });
    way.next(view({ live: [a] }));
    way.report(draining(a));
    expect(way.next(view({ live: [a] }))).toMatchObject({ kind: 'wait' });
    expect(way.next(view({ live: [a] }))).toEqual(tries(a, undefined));
  });

  it('pauses when workers send it in circles', () => {
    const way = route();
    const steps: string[] = [];
    for (let i = 0; i < 12; i++) {
      const step = way.next(view());
      steps.push(step.kind);
      if (step.kind === 'try')
        way.report({ kind: 'misdirected', from: step.session, owner: step.session === a ? b : a });
    }
    expect(steps).toContain('wait');
    expect(steps.join(' ')).not.toContain('try try try try try try');
  });

  it('gives up when the hold time is over, and never waits beyond it', () => {
    const way = route();
    expect(way.next(view({ live: [], elapsedMs: HOLD_MS - 10 }))).toMatchObject({ kind: 'wait' });
    way.report({ kind: 'not-applied', from: first, code: 'owner-unavailable', retryAfterMs: 500 });
    expect(way.next(view({ elapsedMs: HOLD_MS - 10 }))).toMatchObject({ kind: 'wait', ms: 10 });
    expect(way.next(view({ elapsedMs: HOLD_MS }))).toEqual({ kind: 'give-up', code: 'owner-unavailable' });
  });
});

describe('a route through any results', () => {
  it('ends within its hold time and sends an unsafe mutation again only after proof that it was not applied', () => {
    let seed = 7;
    const draw = (below: number) => (seed = (seed * 48_271) % 0x7fffffff) % below;
    for (let run = 0; run < 300; run++) {
      const repetition = (['unsafe', 'harmless', 'unsafe', 'once'] as const)[run % 4];
      const way = route({ repetition, hint: run % 3 === 0 ? a : undefined });
      let elapsedMs = 0;
      let last: HopResult | undefined;
      let ended = false;
      let wasLost = false;
      for (let i = 0; i < 6_000 && !ended; i++) {
        const step = way.next(view({ elapsedMs, live: [a, b, c].slice(draw(4)) }));
        if (step.kind === 'give-up') {
          ended = true;
          if (repetition === 'unsafe') expect(step.code === 'outcome-unknown').toBe(last?.kind === 'lost');
          else if (step.code === 'outcome-unknown') expect([repetition, wasLost]).toEqual(['once', true]);
        } else if (step.kind === 'wait') elapsedMs += step.ms;
        else if (step.kind === 'try') {
          if (repetition === 'unsafe') expect(last?.kind).not.toBe('lost');
          elapsedMs += 1;
          const owner = [a, b, c, session('x')][draw(4)] as SessionId;
          const results: HopResult[] = [
            { kind: 'misdirected', from: step.session, owner },
            { kind: 'unreachable', from: step.session },
            draining(step.session),
            { kind: 'not-applied', from: step.session, code: 'owner-unavailable', retryAfterMs: draw(2000) },
            { kind: 'lost', from: step.session },
          ];
          last = results[draw(draw(10) === 0 ? 5 : 4)] as HopResult;
          wasLost ||= last.kind === 'lost';
          way.report(last);
        }
      }
      expect(ended).toBe(true);
      expect(elapsedMs).toBeLessThanOrEqual(HOLD_MS + 1);
    }
  });
});
