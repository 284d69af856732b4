const POLL_MS = 25;

/** Ms until it is so. @throws Error when it is not in that time */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > withinMs) throw new Error(`it is not so after ${withinMs} ms`);
    await pause(POLL_MS);
  }
  return performance.now() - startedAt;
}

export function pause(ms: number): Promise<unknown> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
