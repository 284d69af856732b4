/** Thrown by {@link assert}: a bug in Leasehold, never a condition of the outside world. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must hold for the code around it to be right. A failure is a programmer error and must not be caught. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive switch: the compiler rejects a forgotten case, and a value from outside the type throws. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
