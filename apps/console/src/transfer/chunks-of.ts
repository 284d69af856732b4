/** The bytes of a stream, bit by bit: not every browser iterates over one. Whoever ends the iteration ends the stream. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  const reader = stream.getReader();
  try {
    // Ends with the stream.
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
