import type { QueryKey } from '@tanstack/react-query';

interface Time {
  readonly from: Date;
  readonly to: Date;
}

/** The key of a question about a time: what is asked, and then of when. */
export function timedKey(asked: readonly unknown[], { from, to }: Time): QueryKey {
  return [...asked, from.getTime(), to.getTime()];
}

/**
 * What stands on screen until a timed question is answered: what it came to before, as long as only the clock has gone on. To another question that would be
 * a wrong answer, however short it stood there.
 */
export function answerBefore(key: QueryKey) {
  return <T>(data: T | undefined, before: { readonly queryKey: QueryKey } | undefined): T | undefined =>
    before !== undefined && isLater(before.queryKey, key) ? data : undefined;
}

/** Of a time that ends now: the same beginning (this month), or the same length (24 hours). */
function isLater(before: QueryKey, key: QueryKey): boolean {
  const [asked, from, to] = partsOf(before);
  const [askedNow, fromNow, toNow] = partsOf(key);
  return asked === askedNow && (from === fromNow || to - from === toNow - fromNow);
}

function partsOf(key: QueryKey): readonly [asked: string, from: number, to: number] {
  return [JSON.stringify(key.slice(0, -2)), Number(key.at(-2)), Number(key.at(-1))];
}
