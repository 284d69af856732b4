const MAX_CHARS = 48;
const FALLBACK = 'organization';

/** A name for URLs made from a name for people: a-z, 0-9 and single hyphens, at most 48 characters. Not unique. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_CHARS)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? FALLBACK : slug;
}
