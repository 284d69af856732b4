/** The range of a listing: keys that begin with `prefix` and lie in [start, end), in either direction. */
export interface ListRange {
  readonly prefix: Uint8Array | undefined;
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
  readonly reverse: boolean;
}
