import { Readable } from 'node:stream';

import { ProblemError } from '@leasehold/protocol';

const RETRY_AFTER_MS = 10_000;

/** Exports that are under way at once at one instance: each holds a page in memory for as long as its client takes. */
export class ExportPlaces {
  private taken = 0;

  /** @param places of one kind of export */
  constructor(private readonly places: number) {}

  /**
   * Takes a place, which is free again when everything is read, has failed, or is not wanted any more.
   *
   * @param pieces made as they are read
   * @throws ProblemError overloaded
   */
  begin(pieces: AsyncIterable<string>): Readable {
    if (this.taken >= this.places) {
      throw new ProblemError('overloaded', 'too many exports are under way', { retryAfterMs: RETRY_AFTER_MS });
    }
    this.taken += 1;
    return Readable.from(pieces).once('close', () => (this.taken -= 1));
  }
}
