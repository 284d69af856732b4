/**
 * Decompresses LZF (Marc Lehmann's format), in which Redis keeps longer strings:
 *
 *     000lllll                       copy the next l + 1 bytes
 *     lllooooo oooooooo              l + 2 bytes (l from 1 to 6) from o + 1 bytes back
 *     111ooooo llllllll oooooooo     l + 9 bytes from o + 1 bytes back
 *
 * @throws Error when it is damaged
 */
export function decompressLzf(input: Uint8Array, sizeBytes: number): Uint8Array {
  const output = new Uint8Array(sizeBytes);
  let read = 0;
  let written = 0;
  const damaged = (): Error => new Error('compressed string is damaged');
  const next = (): number => {
    const byte = input[read++];
    if (byte === undefined) throw damaged();
    return byte;
  };
  while (read < input.byteLength) {
    const control = next();
    if (control < 0x20) {
      const end = read + control + 1;
      if (end > input.byteLength || written + control + 1 > sizeBytes) throw damaged();
      output.set(input.subarray(read, end), written);
      written += control + 1;
      read = end;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) length += next();
    const from = written - (((control & 0x1f) << 8) | next()) - 1;
    if (from < 0 || written + length > sizeBytes) throw damaged();
    // Byte by byte: what is copied may reach into itself.
    for (let n = 0; n < length; n++) output[written++] = output[from + n] as number;
  }
  if (written !== sizeBytes) throw damaged();
  return output;
}
