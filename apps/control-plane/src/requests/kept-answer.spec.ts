import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';

import { answerToKeep } from './kept-answer.js';

const HEADERS: Readonly<Record<string, string>> = { etag: '"7"', location: '/v1/x', 'set-cookie': 'session=secret' };
const reply = { statusCode: 201, getHeader: (name: string) => HEADERS[name] } as unknown as FastifyReply;

describe('the answer that is kept', () => {
  it.each(['key', 'token', 'secret', 'signingSecret', 'password', 'backupCodes', 'uri'])(
    'has null in place of %s, which is shown once',
    (name) => {
      const { body } = answerToKeep(reply, { id: 'a', [name]: 'shown once' });
      expect(body).toEqual({ id: 'a', [name]: null });
    },
  );

  it('has status, entity tag and location, and no cookie', () => {
    expect(answerToKeep(reply, undefined)).toEqual({
      status: 201,
      headers: { etag: '"7"', location: '/v1/x' },
      body: undefined,
    });
  });

  it('has instants as they are sent', () => {
    expect(answerToKeep(reply, { at: new Date(0) }).body).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });
});
