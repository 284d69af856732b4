/** An error for a person who looks for its cause. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `; caused by ${explain(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
