/** In the data of a job, beside its payload: somebody wants it cancelled. No payload has a member of this name. */
const MARK = 'cancel:asked';

/** The data of a job that is to be cancelled. The job that runs looks for the mark once a second. */
export function withCancelMark(data: unknown): object {
  return { ...(data as object), [MARK]: true };
}

export function hasCancelMark(data: unknown): boolean {
  return typeof data === 'object' && data !== null && MARK in data;
}

/** The payload alone. */
export function withoutCancelMark(data: unknown): unknown {
  if (!hasCancelMark(data)) return data;
  return Object.fromEntries(Object.entries(data as object).filter(([name]) => name !== MARK));
}
