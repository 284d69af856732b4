import type { Random } from '@leasehold/foundation';
import { toBase64Url, utf8 } from '@leasehold/foundation';

import { oneOf, someText, wholeBelow } from './draw.js';

const TYP = 'leasehold-token+jwt';
const JWK = { kty: 'OKP', crv: 'Ed25519', x: 'aEum-TqO3WpHHRdCmxeM7wRx6skobk2k2i5R10JSvQU' };
/** Most of these are refused by their form; one whose key has to be looked for takes a moment. */
const HEADERS: readonly unknown[] = [
  { alg: 'none', typ: TYP },
  { alg: 'none', typ: TYP, kid: '__proto__' },
  { alg: 'HS256', typ: TYP, kid: 'a' },
  { alg: 'EdDSA', typ: TYP },
  { alg: 'EdDSA', typ: TYP, jwk: JWK },
  { alg: 'EdDSA', typ: TYP, kid: 'made-up' },
  { alg: 'EdDSA', typ: 'JWT', kid: 'made-up' },
  { alg: 'EdDSA', typ: TYP, kid: 'made-up', crit: ['exp'], exp: 1 },
  { alg: 1, typ: null, kid: {} },
  'text',
  [],
  null,
];
const SIGNATURE_BYTES = 64;

/** A text of three parts that nobody has signed, for a database that there is. */
export function madeUpToken(random: Random, databaseId: string): string {
  const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));
  const nowSeconds = 2_000_000_000;
  const claims = {
    iss: 'urn:leasehold:control-plane',
    aud: 'urn:leasehold:data-plane',
    iat: nowSeconds,
    exp: nowSeconds + 900,
    jti: someText(random, 10),
    tenant: 'a',
    database: databaseId,
    databaseName: 'main',
    scopes: ['data:read', 'data:write'],
  };
  const size = oneOf(random, [0, 1, SIGNATURE_BYTES, SIGNATURE_BYTES, SIGNATURE_BYTES, 3_000]);
  const signature = toBase64Url(random.bytes(size));
  const parts = [part(oneOf(random, HEADERS)), part(claims), signature];
  // Sometimes a part is nothing, or no base64url.
  if (wholeBelow(random, 4) === 0) parts[wholeBelow(random, parts.length)] = oneOf(random, ['', '=', '%', 'e30', '_']);
  return parts.join('.');
}
