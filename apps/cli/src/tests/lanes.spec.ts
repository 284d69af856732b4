import { describe, expect, it } from '@jest/globals';
import { LANES, missingRequirements } from './lanes.js';

const names = (lanes: Parameters<typeof missingRequirements>[0], env: Record<string, string>, browser: boolean) =>
  missingRequirements(lanes, env, () => browser).map(({ name }) => name);

describe('requirements of the lanes', () => {
  it('are all missing on a machine with only Node', () => {
    expect(names(LANES, {}, false)).toEqual(['a Redis server', 'a real S3 server', 'a browser']);
  });

  it('are asked for only by the lanes that run', () => {
    expect(names(['unit'], {}, false)).toEqual([]);
    expect(names(['conformance'], {}, false)).toEqual(['a real S3 server']);
  });

  it('are met by the variables that name the servers', () => {
    const env = { TEST_REDIS_URL: 'redis://127.0.0.1', TEST_S3_ENDPOINT: 'http://127.0.0.1:1' };
    expect(names(LANES, env, true)).toEqual([]);
  });
});
