import { describe, expect, it } from '@jest/globals';

import { givenParts, ownDatabase, ownKeyspace, through } from './given-parts.js';

const S3 = { S3_ENDPOINT: 'http://s3:1', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };

describe('parts that are given', () => {
  it('are none where nothing is named, or nothing is what is named', () => {
    const nothing = { s3: undefined, databaseUrl: undefined, redisUrl: undefined };
    expect(givenParts({})).toEqual(nothing);
    const set = { TEST_S3_ENDPOINT: 'http://s3:1', TEST_DATABASE_URL: 'postgres://h/d', TEST_REDIS_URL: 'redis://h' };
    expect(givenParts({ ...set, S3_ENDPOINT: '', DATABASE_URL: '', REDIS_URL: '' })).toEqual(nothing);
  });

  it('are those of the tests unless others are named', () => {
    const tests = Object.fromEntries(Object.entries(S3).map(([name, value]) => [`TEST_${name}`, value]));
    const expected = { endpoint: 'http://s3:1', region: 'us-east-1', accessKeyId: 'id', secretAccessKey: 'secret' };
    expect(givenParts(tests).s3).toEqual(expected);
    expect(givenParts({ ...tests, S3_ENDPOINT: 'http://other:2' }).s3?.endpoint).toBe('http://other:2');
  });

  it('are refused where nothing can stand in between', () => {
    expect(() => givenParts({ ...S3, S3_ENDPOINT: 'https://s3.example' })).toThrow('http://');
    expect(() => givenParts({ S3_ENDPOINT: 'http://s3:1' })).toThrow('S3_ACCESS_KEY_ID');
  });

  it('get a corner of their own', () => {
    expect(ownDatabase('postgres://u:p@h:5/given', 'chaos')).toBe('postgres://u:p@h:5/chaos');
    expect(ownKeyspace('redis://h:6379')).toBe('redis://h:6379/15');
    expect(ownKeyspace('redis://h:6379/3')).toBe('redis://h:6379/3');
    expect(through('postgres://u:p@h:5/d?x=1', 77)).toBe('postgres://u:p@127.0.0.1:77/d?x=1');
  });
});
