import { toBase64Url } from '@leasehold/foundation';

import { recordKey, recordValue } from '../engine/records.js';
import { DATABASE_NAME } from '../services/tenants.js';
import { YCSB_RECORD_BYTES } from '../load/ycsb.js';

export const BODY_TYPE = 'application/octet-stream';

/** The value that is read and written. */
export function recordBytes(number = 0, turn = 0): Uint8Array {
  return recordValue(number, YCSB_RECORD_BYTES, turn);
}

/** A request for the n-th record as the bytes that go over the wire, so that asking it costs the client nothing but a write. */
export function writtenRequest(apiKey: string, number: number, value?: Uint8Array): Buffer {
  const head = [
    `${value === undefined ? 'GET' : 'PUT'} /v1/db/${DATABASE_NAME}/keys64/${toBase64Url(recordKey(number))} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${apiKey}`,
    ...(value === undefined ? [] : [`content-type: ${BODY_TYPE}`, `content-length: ${value.byteLength}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), value ?? Buffer.alloc(0)]);
}
