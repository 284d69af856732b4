import { describe, expect, it } from '@jest/globals';

import { isOfUnknownOutcome } from './unknown-outcome.js';

describe('an answer without a cost', () => {
  it.each<[string, number, unknown, boolean]>([
    ['a success', 204, undefined, true],
    ['a refusal', 409, '{"code":"internal"}', false],
    ['a lost reply', 503, '{"code":"outcome-unknown"}', true],
    ['a defect, in bytes', 500, Buffer.from('{"type":"x","code":"internal","title":"ü"}'), true],
    ['a defect, written otherwise', 500, '{ "code" : "internal" }', true],
    ['an outage', 503, '{"code":"unavailable","retryAfterMs":1}', false],
    ['an outage that tells of another one', 503, '{"code":"unavailable","cause":{"code":"internal"}}', false],
    ['no problem of ours', 502, '<html>"code":"internal"</html>', false],
    ['nothing', 500, undefined, false],
    ['a null', 500, 'null', false],
  ])('is looked at for whether something may have been applied: %s', (_, status, payload, expected) => {
    expect(isOfUnknownOutcome(status, payload)).toBe(expected);
  });
});
