import { describe, expect, it } from '@jest/globals';

import { traceContextFrom, traceparentFrom } from './trace-context.js';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const ODD = [
  TRACE.toUpperCase(),
  TRACE.replace(/a/g, '0'),
  TRACE.replace(/b/g, '0'),
  TRACE.replace('00', 'ff'),
  `${TRACE}-02`,
  'x',
  [TRACE],
  undefined,
];

describe('the trace of a request', () => {
  it("is the caller's when its headers are valid", () => {
    expect(traceContextFrom({ traceparent: TRACE })).toEqual({ traceparent: TRACE });
    expect(traceContextFrom({ traceparent: TRACE, tracestate: 'a=1' })).toEqual({
      traceparent: TRACE,
      tracestate: 'a=1',
    });
  });

  it('loses a state that is too long to be passed on', () => {
    expect(traceContextFrom({ traceparent: TRACE, tracestate: 'a'.repeat(513) })).toEqual({ traceparent: TRACE });
  });

  it.each(ODD.map((odd) => [odd]))('begins anew, without state, after %j', (odd) => {
    expect(traceparentFrom(odd)).toBeUndefined();
    const begun = traceContextFrom({ traceparent: odd, tracestate: 'a=1' });
    expect(Object.keys(begun)).toEqual(['traceparent']);
    expect(traceparentFrom(begun.traceparent)).toBe(begun.traceparent);
    expect(traceContextFrom({ traceparent: odd }).traceparent).not.toBe(begun.traceparent);
  });
});
