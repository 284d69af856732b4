import { describe, expect, it } from '@jest/globals';

import type { HttpAnswer } from './http-answer.js';
import { readAnswer } from './http-answer.js';
import type { Expectation } from './verdict.js';
import { judge, showsTag } from './verdict.js';

const EXPECTED: Expectation = {
  method: 'GET',
  codes: ['invalid-key'],
  isHarmless: false,
  foreignTags: ['tagofother'],
  ownTag: 'tagofasker',
};
const PROBLEM = { 'content-type': 'application/problem+json', 'x-request-id': 'r' };

function answer(status: number, body: unknown, headers: Record<string, string> = PROBLEM): HttpAnswer {
  const text = JSON.stringify(body);
  const lines = Object.entries({ ...headers, 'content-length': String(text.length) }).map((pair) => pair.join(': '));
  const read = readAnswer(Buffer.from(`HTTP/1.1 ${status} x\r\n${lines.join('\r\n')}\r\n\r\n${text}`), 'GET');
  if (read === undefined) throw new Error('not whole');
  return read.answer;
}

const finding = (given: HttpAnswer, expected: Partial<Expectation> = {}): string | undefined =>
  judge(given, { ...EXPECTED, ...expected }).finding;

describe('a verdict', () => {
  it('takes a problem of an expected code', () => {
    expect(judge(answer(400, { code: 'invalid-key' }), EXPECTED)).toEqual({
      outcome: '400 invalid-key',
      finding: undefined,
    });
  });

  it.each([
    ['a 5xx', answer(500, { code: 'internal' })],
    ['a redirection', answer(302, {})],
    ['another code', answer(400, { code: 'invalid-cursor' })],
    ['a code that is none', answer(400, { code: 'oops' })],
    ['no code', answer(400, {})],
    ['a code of another status', answer(404, { code: 'invalid-key' })],
    ['no problem', answer(400, { code: 'invalid-key' }, { ...PROBLEM, 'content-type': 'application/json' })],
    ['no request id', answer(400, { code: 'invalid-key' }, { 'content-type': 'application/problem+json' })],
    ['an answer that serves it', answer(200, {})],
    ['a value of its own in a refusal', answer(400, { code: 'invalid-key', detail: 'tagofasker' })],
    ["another tenant's", answer(400, { code: 'invalid-key', detail: 'tagofother' })],
  ])('finds %s', (_what, given) => {
    expect(finding(given)).toEqual(expect.any(String));
  });

  it('lets what is harmless be served, with values of its own and of nobody else', () => {
    expect(finding(answer(200, { value: 'tagofasker' }), { isHarmless: true })).toBeUndefined();
    expect(finding(answer(200, { value: 'tagofother' }), { isHarmless: true })).toEqual(expect.any(String));
  });

  it('sees a tag in base64, wherever it begins', () => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      expect(showsTag(Buffer.from(Buffer.from(`${before}tagofother and more`).toString('base64')), 'tagofother')).toBe(
        true,
      );
    }
    expect(showsTag(Buffer.from(Buffer.from('tagofasker').toString('base64')), 'tagofother')).toBe(false);
  });
});
