import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock, utf8 } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';

import { parseS3Request } from '../s3-request.js';
import type { S3Answer } from '../s3-answer.js';
import { classify, execute } from '../s3-operation.js';
import { ForeignClients } from './foreign-clients.js';

describe('what foreign clients ask for', () => {
  function server(served = true) {
    const store = new MemoryStore(systemClock);
    const backing = { store, bucket: 'main', foreign: served ? new ForeignClients(store, seededRandom(1)) : undefined };
    const send = async (
      method: string,
      target: string,
      headers: Readonly<Record<string, string>> = {},
      body: Uint8Array = new Uint8Array(0),
    ): Promise<S3Answer> => {
      const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
      const request = parseS3Request({ method, url: target, headersDistinct: distinct } as unknown as IncomingMessage);
      return execute(backing, classify(request, served), request, body);
    };
    return { store, send };
  }
  const text = (answer: S3Answer): string => Buffer.from(answer.body ?? '').toString();
  const code = (expected: string) => ({ code: expected });

  it('is refused unless it is asked for', async () => {
    const { send } = server(false);
    await expect(send('PUT', '/main/k', { 'x-amz-meta-a': 'b' })).rejects.toMatchObject(code('NotImplemented'));
    await expect(send('POST', '/main/k?uploads')).rejects.toMatchObject(code('MethodNotAllowed'));
    await expect(send('POST', '/main?delete')).rejects.toMatchObject(code('MethodNotAllowed'));
    await expect(send('PUT', '/main/k?partNumber=1&uploadId=x')).rejects.toMatchObject(code('NotImplemented'));
  });

  it('keeps the metadata of an object until it is put anew', async () => {
    const { send } = server();
    await send('PUT', '/main/k', { 'x-amz-meta-id': '7', 'if-none-match': '*' }, utf8('a'));
    expect((await send('HEAD', '/main/k')).headers).toMatchObject({ 'x-amz-meta-id': '7' });
    expect((await send('GET', '/main/k')).headers).toMatchObject({ 'x-amz-meta-id': '7' });
    await send('PUT', '/main/k', {}, utf8('b'));
    expect((await send('GET', '/main/k')).headers).not.toHaveProperty('x-amz-meta-id');
  });

  it('says nothing of metadata of an object that was changed behind its back', async () => {
    const { send, store } = server();
    const { headers } = await send('PUT', '/main/k', { 'x-amz-meta-id': '7' }, utf8('a'));
    await store.put('k', utf8('other'), { match: String(headers['etag']).replaceAll('"', '') });
    expect((await send('GET', '/main/k')).headers).not.toHaveProperty('x-amz-meta-id');
  });

  it('puts the parts of an upload together, in their order, once it is completed', async () => {
    const { send, store } = server();
    const begun = await send('POST', '/main/big?uploads', { 'x-amz-meta-id': '7' });
    const id = /<UploadId>(\w+)</.exec(text(begun))?.[1];
    const part = (number: number, body: string) =>
      send('PUT', `/main/big?partNumber=${number}&uploadId=${id}`, {}, utf8(body));
    const { headers } = await part(2, 'world');
    expect(headers['etag']).toBe(`"${createHash('md5').update('world').digest('hex')}"`);
    await part(1, 'first');
    await part(1, 'hello ');
    expect(await store.get('big')).toBeUndefined();
    const list = utf8('<C><Part><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber></Part></C>');
    const complete = () => send('POST', `/main/big?uploadId=${id}`, { 'if-none-match': '*' }, list);
    expect(text(await complete())).toContain('<ETag>');
    expect(text(await send('GET', '/main/big'))).toBe('hello world');
    expect((await send('HEAD', '/main/big')).headers).toMatchObject({ 'x-amz-meta-id': '7' });
    await expect(complete()).rejects.toMatchObject(code('NoSuchUpload'));
  });

  it('refuses a part that was not sent, an unknown upload and a wrong number', async () => {
    const { send, store } = server();
    const id = /<UploadId>(\w+)</.exec(text(await send('POST', '/main/big?uploads')))?.[1];
    const list = utf8('<C><Part><PartNumber>1</PartNumber></Part></C>');
    await expect(send('POST', `/main/big?uploadId=${id}`, {}, list)).rejects.toMatchObject(code('InvalidPart'));
    await expect(send('PUT', `/main/big?partNumber=0&uploadId=${id}`)).rejects.toMatchObject(code('InvalidArgument'));
    await expect(send('PUT', '/main/big?partNumber=1&uploadId=no')).rejects.toMatchObject(code('NoSuchUpload'));
    await expect(send('PUT', `/main/other?partNumber=1&uploadId=${id}`)).rejects.toMatchObject(code('NoSuchUpload'));
    expect((await send('DELETE', `/main/big?uploadId=${id}`)).status).toBe(204);
    expect(await store.get('big')).toBeUndefined();
  });

  it('deletes many keys at once, also with characters that XML escapes', async () => {
    const { send, store } = server();
    for (const key of ['a', 'b&c', 'kept']) await store.put(key, utf8('x'), 'create');
    const list = utf8('<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>');
    expect(text(await send('POST', '/main?delete', {}, list))).toContain('<Deleted><Key>b&amp;c</Key></Deleted>');
    expect((await store.list('')).objects.map(({ key }) => key)).toEqual(['kept']);
  });
});
