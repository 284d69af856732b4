import { describe, expect, it } from '@jest/globals';

import { wasNeverSent } from './never-sent.js';

const failure = (members: object) => Object.assign(new Error('failed'), members);
const refused = failure({ code: 'ECONNREFUSED', syscall: 'connect' });

describe('wasNeverSent', () => {
  it.each([
    ['a refused connection', refused],
    ['a host that cannot be reached', failure({ code: 'EHOSTUNREACH', syscall: 'connect' })],
    ['a name that nobody knows', failure({ code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['no connection in time', failure({ code: 'UND_ERR_CONNECT_TIMEOUT' })],
    ['a pool that is closed', failure({ code: 'UND_ERR_CLOSED' })],
    ['all addresses of a name', new AggregateError([refused, refused])],
  ])('believes %s', (_what, error) => {
    expect(wasNeverSent(error)).toBe(true);
  });

  it.each([
    ['a reset', failure({ code: 'ECONNRESET', syscall: 'read' })],
    // Linux ends an established connection so when its route is gone.
    ['a connection whose host got lost', failure({ code: 'EHOSTUNREACH', syscall: 'read' })],
    ['the same without a word on the step', failure({ code: 'EHOSTUNREACH' })],
    ['a broken pipe', failure({ code: 'EPIPE', syscall: 'write' })],
    ['a connection that was cut', failure({ code: 'UND_ERR_SOCKET' })],
    ['a pool that was destroyed', failure({ code: 'UND_ERR_DESTROYED' })],
    ['a time-out', new DOMException('late', 'TimeoutError')],
    ['one address of which something was heard', new AggregateError([refused, failure({ code: 'ECONNRESET' })])],
    ['no errors at all', new AggregateError([])],
    ['nothing', undefined],
  ])('does not believe %s', (_what, error) => {
    expect(wasNeverSent(error)).toBe(false);
  });
});
