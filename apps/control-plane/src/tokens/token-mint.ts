import { Injectable } from '@nestjs/common';
import { TokenSigner, type TokenClaims } from '@leasehold/directory';
import { Metadata } from '@leasehold/metadata';

/** Signs tokens, and sees to it that the gateways can know by what key. */
@Injectable()
export class TokenMint {
  private publishing: Promise<void> | undefined;

  constructor(
    private readonly signer: TokenSigner,
    private readonly metadata: Metadata,
  ) {}

  /**
   * Publishes the public half of our key, once in the life of this process: at the start, or with the first token where Postgres was down
   * by then. Of all keys the gateways believe the two that were published last.
   */
  async publish(): Promise<void> {
    const { kid, publicKey } = this.signer.publicKey;
    this.publishing ??= this.metadata.tokenKeys.publish(kid, publicKey);
    try {
      await this.publishing;
    } catch (error) {
      this.publishing = undefined;
      throw error;
    }
  }

  /** Every gateway takes the token at once. */
  async mint(claims: TokenClaims): Promise<string> {
    await this.publish();
    return this.signer.sign(claims);
  }
}
