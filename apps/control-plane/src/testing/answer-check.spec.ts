import { describe, expect, it } from '@jest/globals';

import { checkAnswer } from './answer-check.js';

const json = (status: number, body: unknown, type = 'application/json') => ({
  ...{ status, body, text: JSON.stringify(body) },
  headers: new Headers({ 'content-type': type }),
});
const SESSION = {
  ...{ id: 's', current: true, address: null, agent: null },
  ...{ createdAt: '2030-01-01T00:00:00.000Z', lastSeenAt: '2030-01-01T00:00:00.000Z' },
};
const LIST = '/v1/sessions';

describe('an answer held against the document', () => {
  it('passes when it is as described', () => {
    checkAnswer('GET', `${LIST}?x=1`, json(200, { sessions: [SESSION] }));
    checkAnswer('GET', '/readyz', json(200, { whatever: 1 }));
  });

  it.each([
    ['a member that is not named', json(200, { sessions: [{ ...SESSION, token: 'secret' }] })],
    ['a member less', json(200, { sessions: [{ ...SESSION, id: undefined }] })],
    ['a text that is no instant', json(200, { sessions: [{ ...SESSION, createdAt: 'now' }] })],
    ['another status', json(201, { sessions: [SESSION] })],
    ['a refusal that is no problem', json(400, { error: 'no' })],
  ])('fails with %s', (_, answer) => {
    const told = { ...answer, body: JSON.parse(answer.text) as unknown };
    expect(() => checkAnswer('GET', LIST, told)).toThrow();
  });

  it('fails where an answer comes and none is described, and where one is described and none comes', () => {
    expect(() => checkAnswer('POST', '/v1/logout', json(204, { bye: true }))).toThrow('no schema describes it');
    const empty = { status: 200, headers: new Headers(), body: {}, text: '' };
    expect(() => checkAnswer('GET', LIST, empty)).toThrow('it is empty');
  });
});
