export function processIdentity(pid: number): string | undefined;
export function tryLock(
  path: string,
): { readonly holder: undefined; readonly release: () => void } | { readonly holder: number };
export function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options?: { readonly onWait?: (holder: number) => void },
): Promise<T>;
