/** Units that an answer was billed: reads of 4 KiB, writes of 1 KiB, begun ones whole. */
export interface Cost {
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** What is told of each answer, refusals and answers to repeated attempts included. */
export interface ResponseFacts {
  readonly method: string;
  readonly status: number;
  /** Of this call, from 1. */
  readonly attempt: number;
  /** Undefined: the answer is free. */
  readonly cost: Cost | undefined;
  readonly requestId: string | undefined;
  /** `Server-Timing` as it came: where the time went. */
  readonly serverTiming: string | undefined;
}

export function responseFacts(method: string, attempt: number, { status, headers }: Response): ResponseFacts {
  return {
    method,
    status,
    attempt,
    cost: costOf(headers.get('leasehold-cost')),
    requestId: headers.get('x-request-id') ?? undefined,
    serverTiming: headers.get('server-timing') ?? undefined,
  };
}

/** `read=2, write=0` */
function costOf(text: string | null): Cost | undefined {
  if (text === null) return undefined;
  const units = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(text)?.[1] ?? 0);
  return { readUnits: units('read'), writeUnits: units('write') };
}
