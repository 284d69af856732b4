import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

import { systemRandom, type Random } from '@leasehold/foundation';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';

/**
 * Secrets that the database keeps and the service must read again: AES-256-GCM under a key that comes of AUTH_SECRET, bound to the person.
 * `nonce (12) | text | tag (16)`. Whoever has the database alone, or its backup, has no second factor out of it.
 */
export class SecretSeal {
  private readonly key: Uint8Array;

  constructor(
    authSecret: string,
    private readonly random: Random = systemRandom,
  ) {
    this.key = new Uint8Array(hkdfSync('sha256', authSecret, '', 'leasehold second factor', KEY_BYTES));
  }

  seal(secret: Uint8Array, userId: string): Uint8Array<ArrayBuffer> {
    const nonce = this.random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce).setAAD(Buffer.from(userId));
    return new Uint8Array(Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]));
  }

  /** @returns undefined when it is damaged, another person's, or AUTH_SECRET has changed */
  open(sealed: Uint8Array, userId: string): Uint8Array | undefined {
    try {
      const decipher = createDecipheriv(CIPHER, this.key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(userId))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}
