/** The longest bytes that all of them begin with; undefined when that is nothing. */
export function commonPrefix([first, ...rest]: readonly Uint8Array[]): Uint8Array | undefined {
  if (first === undefined) return undefined;
  let length = first.byteLength;
  for (const bytes of rest) {
    let same = 0;
    while (same < length && same < bytes.byteLength && bytes[same] === first[same]) same++;
    length = same;
  }
  return length === 0 ? undefined : first.subarray(0, length);
}
