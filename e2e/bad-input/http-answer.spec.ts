import { describe, expect, it } from '@jest/globals';

import { readAnswer } from './http-answer.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const WHOLE = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello';

describe('an answer on the wire', () => {
  it('is read once all of it is there, and no further', () => {
    for (let end = 0; end < WHOLE.length; end++) expect(readAnswer(bytes(WHOLE.slice(0, end)), 'GET')).toBeUndefined();
    const read = readAnswer(bytes(`${WHOLE}HTTP/1.1 200`), 'GET');
    expect(read?.sizeBytes).toBe(WHOLE.length);
    expect(read?.answer).toMatchObject({ status: 400, body: bytes('hello') });
    expect(read?.answer.headers.get('x-a')).toBe('b');
  });

  it('is put together from chunks', () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n';
    expect(readAnswer(bytes(text.slice(0, -1)), 'GET')).toBeUndefined();
    expect(readAnswer(bytes(text), 'GET')).toMatchObject({ sizeBytes: text.length, answer: { body: bytes('abcd') } });
  });

  it('has no body to HEAD, and none with 304', () => {
    const head = 'HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\n';
    expect(readAnswer(bytes(head), 'HEAD')?.sizeBytes).toBe(head.length);
    const same = 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n';
    expect(readAnswer(bytes(same), 'GET')?.sizeBytes).toBe(same.length);
  });

  it('comes after the interim ones', () => {
    expect(readAnswer(bytes('HTTP/1.1 100 Continue\r\n\r\n'), 'PUT')).toBeUndefined();
    const read = readAnswer(bytes(`HTTP/1.1 100 Continue\r\n\r\n${WHOLE}`), 'PUT');
    expect([read?.answer.status, read?.sizeBytes]).toEqual([400, WHOLE.length + 25]);
  });

  it('is none without a status line or a length', () => {
    expect(() => readAnswer(bytes('hello\r\n\r\n'), 'GET')).toThrow('no status line');
    expect(() => readAnswer(bytes('HTTP/1.1 200 OK\r\n\r\nx'), 'GET')).toThrow('without a length');
  });
});
