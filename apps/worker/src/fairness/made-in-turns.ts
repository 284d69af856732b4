import type { DatabaseIdentity } from '@leasehold/engine';

import type { FairAdmission } from './fair-admission.js';

/** Half a millisecond of work, or two. Most answers are shorter, and made at once. */
const CHARS_PER_SLICE = 128 * 1024;

/**
 * The text of a long answer, made slice by slice, each in its turn among the answers of all tenants: a page of 4 MiB is 20 ms of work
 * which nobody should have to wait for. In bytes, because making these of a text is as much work again.
 * @param parts the text, in order; each is made when it is asked for, and short
 * @param onSlice told how many bytes each slice has
 * @throws what the parts or `onSlice` throw; BackpressureError when the signal aborts before they are all made, or too many wait
 */
export async function madeInTurns(
  slices: FairAdmission,
  identity: DatabaseIdentity,
  signal: AbortSignal,
  parts: Iterator<string, unknown>,
  onSlice?: (bytes: number) => void,
): Promise<Buffer> {
  const made: Buffer[] = [];
  let isOver = false;
  // Ends with the parts.
  while (!isOver) {
    await slices.run(identity, 1, signal, async () => {
      const slice = sliceOf(parts);
      const bytes = Buffer.from(slice.text);
      onSlice?.(bytes.byteLength);
      made.push(bytes);
      isOver = slice.isLast;
    });
  }
  return made.length === 1 ? (made[0] as Buffer) : Buffer.concat(made);
}

function sliceOf(parts: Iterator<string, unknown>): { readonly text: string; readonly isLast: boolean } {
  let text = '';
  while (text.length < CHARS_PER_SLICE) {
    const part = parts.next();
    if (part.done === true) return { text, isLast: true };
    text += part.value;
  }
  return { text, isLast: false };
}
