import { EVENT_STREAM_MEDIA_TYPE } from '@leasehold/protocol';

const RANGES = [EVENT_STREAM_MEDIA_TYPE, 'text/*', '*/*'];
/** The weight 0 of RFC 9110 says: not this. */
const NOT_WANTED = /;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/;

/** Whether an Accept header lets a change feed in: the most exact range that fits decides, as RFC 9110 has it. */
export function acceptsEventStream(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const wanted = accept
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  for (const range of RANGES) {
    const found = wanted.find((part) => part.split(';')[0]?.trim() === range);
    if (found !== undefined) return !NOT_WANTED.test(found);
  }
  return false;
}
