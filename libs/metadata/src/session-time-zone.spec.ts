import { describe, expect, it } from '@jest/globals';

import { withUtcSessions } from './session-time-zone.js';

describe('the time zone of sessions', () => {
  it.each([
    ['postgres://u:p%40@h:5432/db', 'postgres://u:p%40@h:5432/db?options=-c+TimeZone%3DUTC'],
    ['postgres://u@/db?host=/tmp', 'postgres://u@/db?host=%2Ftmp&options=-c+TimeZone%3DUTC'],
    [
      'postgres://h/db?options=-c%20TimeZone%3DAsia/Tokyo',
      'postgres://h/db?options=-c+TimeZone%3DAsia%2FTokyo+-c+TimeZone%3DUTC',
    ],
  ])('is told in the address %s', (given, told) => expect(withUtcSessions(given)).toBe(told));
});
