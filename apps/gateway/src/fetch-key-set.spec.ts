import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_KEY_SET_BYTES } from '@leasehold/directory';
import { OutboundClient } from '@leasehold/outbound';

import { keySetFetcher } from './fetch-key-set.js';

describe('the key set of an identity provider', () => {
  let server: Server;
  let url: string;
  let answer: { readonly status: number; readonly headers?: Record<string, string>; readonly body: string };
  const asked: (string | undefined)[] = [];
  const fetchKeySet = keySetFetcher(new OutboundClient({ allowLocal: true }));

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is what its URL answers', async () => {
    answer = { status: 200, body: '{"keys":[]}' };
    expect(Buffer.from(await fetchKeySet(url)).toString()).toBe('{"keys":[]}');
  });

  it.each([
    ['a refusal', { status: 404, body: '{"keys":[]}' }],
    ['a redirect, which is not followed', { status: 302, headers: { location: '/elsewhere' }, body: '{"keys":[]}' }],
    ['more than a set may have', { status: 200, body: 'x'.repeat(MAX_KEY_SET_BYTES + 1) }],
  ])('is none where the answer is %s', async (_what, given) => {
    answer = given;
    await expect(fetchKeySet(url)).rejects.toThrow();
    expect(asked).toEqual(['/keys']);
  });

  it('is not fetched from within, unless that is allowed', async () => {
    await expect(keySetFetcher(new OutboundClient())(url)).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});
