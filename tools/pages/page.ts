import { posix } from 'node:path';

/** A page of the documentation. */
export interface Page {
  /** Below the root of the checkout. */
  readonly path: string;
  readonly text: string;
}

/** What a page says that is somewhere else. */
export interface Mention {
  /** As it stands there. */
  readonly said: string;
  /** Below the root of the checkout; of the page itself where only a heading is named. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Without its blocks of code, in which brackets mean something else. */
function prose(text: string): string {
  return text.replaceAll(/^( *)```.*?^\1```$/gms, '');
}

/** The links of a page that lead to something of the checkout. */
export function linksOf({ path, text }: Page): readonly Mention[] {
  return Array.from(prose(text).matchAll(/\]\(([^)\s]+)\)/g), ([, said = '']) => said)
    .filter((said) => !/^[a-z]+:/.test(said))
    .map((said) => {
      const [file = '', anchor] = said.split('#');
      return { said, path: file === '' ? path : posix.join(posix.dirname(path), file).replace(/\/$/, ''), anchor };
    });
}

/** The names that a page gives to files, between backticks: whole paths, or their last parts. */
export function filesNamedIn({ text }: Page): readonly string[] {
  const named = prose(text).matchAll(/`([\w.@{},-][\w./@{},-]*\.(?:tsx?|mjs|js|md|sql|prisma|yml))`/g);
  return Array.from(named, ([, said = '']) => said).flatMap(alternatives);
}

/** `a.{x,y}` stands for `a.x` and `a.y`. */
function alternatives(said: string): readonly string[] {
  const [, before = '', choice, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(said) ?? [];
  return choice === undefined ? [said] : choice.split(',').map((one) => `${before}${one}${after}`);
}

/** What links to its headings end in. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
  }
  return anchors;
}
