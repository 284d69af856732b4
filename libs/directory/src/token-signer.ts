import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { calculateJwkThumbprint, SignJWT } from 'jose';

import type { PublicTokenKey } from './directory-source.js';
import { claimsSetOf, TOKEN_ALGORITHM, TOKEN_TYPE, type TokenClaims } from './token-claims.js';

/** An Ed25519 key as PKCS #8: 48 bytes, of which the last 32 are the key. */
const PKCS8_BASE64 = /^[0-9A-Za-z+/]{64}$/;

/**
 * The private key of a setting: PKCS #8 in base64, as `openssl genpkey -algorithm ed25519 -outform DER | base64 -w0` writes it.
 * Undefined when it is something else.
 */
export function parseSigningKey(text: string): KeyObject | undefined {
  if (!PKCS8_BASE64.test(text)) return undefined;
  try {
    const key = createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Signs short-lived tokens. The gateways have to know the public half before they believe any. */
export class TokenSigner {
  private constructor(
    readonly publicKey: PublicTokenKey,
    private readonly privateKey: KeyObject,
  ) {}

  /** @param privateKey of Ed25519 */
  static async over(privateKey: KeyObject): Promise<TokenSigner> {
    const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint({ kty: kty ?? '', crv: crv ?? '', x: x ?? '' });
    return new TokenSigner({ kid, publicKey: Buffer.from(x ?? '', 'base64url') }, privateKey);
  }

  sign(claims: TokenClaims): Promise<string> {
    return new SignJWT(claimsSetOf(claims))
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: this.publicKey.kid })
      .sign(this.privateKey);
  }
}
