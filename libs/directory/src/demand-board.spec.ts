import { describe, expect, it } from '@jest/globals';

import { BOARD_GATEWAYS, BOARD_TENANTS, formatDemands, viewOf } from './demand-board.js';

describe('the rows of a demand board', () => {
  it('are read as they were written, rounded up', () => {
    const row = formatDemands(
      new Map([
        ['a', { requests: 1.23, bytes: 4.5 }],
        ['__proto__', { requests: 1, bytes: 0 }],
      ]),
    );
    expect(row).toBe('{"a":[1.3,5],"__proto__":[1,0]}');
    const { others } = viewOf([row]);
    expect([...others]).toEqual([
      ['a', { requests: 1.3, bytes: 5 }],
      ['__proto__', { requests: 1, bytes: 0 }],
    ]);
  });

  it('add up, and each is a gateway', () => {
    const one = formatDemands(
      new Map([
        ['a', { requests: 1, bytes: 10 }],
        ['b', { requests: 2, bytes: 0 }],
      ]),
    );
    const two = formatDemands(new Map([['a', { requests: 4, bytes: 1 }]]));
    expect(viewOf([one, two, '{}'])).toEqual({
      otherGateways: 3,
      others: new Map([
        ['a', { requests: 5, bytes: 11 }],
        ['b', { requests: 2, bytes: 0 }],
      ]),
    });
    expect(viewOf([])).toEqual({ otherGateways: 0, others: new Map() });
  });

  it.each([
    '',
    'null',
    '7',
    '[',
    '{"a":7}',
    '{"a":[1]}',
    '{"a":["1",2]}',
    '{"a":[-1,2]}',
    '{"a":[1e999,2]}',
    '{"a":null}',
  ])('count as a gateway of whom nothing is asked when they say %p', (row) => {
    expect(viewOf([row])).toEqual({ otherGateways: 1, others: new Map() });
  });

  it('are heard as far as there is room', () => {
    const tenants = Array.from({ length: BOARD_TENANTS + 5 }, (_, n) => [`t${n}`, { requests: 1, bytes: 1 }] as const);
    const rows = Array.from({ length: BOARD_GATEWAYS + 5 }, () => formatDemands(new Map(tenants)));
    const { otherGateways, others } = viewOf(rows);
    expect([otherGateways, others.size, others.get('t0')?.requests]).toEqual([
      BOARD_GATEWAYS,
      BOARD_TENANTS,
      BOARD_GATEWAYS,
    ]);
  });
});
