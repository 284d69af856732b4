const SEPARATOR = '|';

/** Id of the call that wrote the value (see `valueOf`); undefined for what no call wrote so. Looks at no more than it has to: values may be large. */
export function writerOf(tag: string, value: string): string | undefined {
  const start = tag.length + SEPARATOR.length;
  if (!value.startsWith(tag + SEPARATOR)) return undefined;
  const end = value.indexOf(SEPARATOR, start);
  return end < 0 ? undefined : value.slice(start, end);
}
