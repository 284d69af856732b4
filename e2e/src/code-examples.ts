import { readFile } from 'node:fs/promises';
import path from 'node:path';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

export interface CodeExample {
  /** The heading that it stands below. */
  readonly title: string;
  readonly code: string;
  /** What it says that it prints: its comments that begin with an arrow, in their order. */
  readonly prints: readonly string[];
}

/** The blocks of a page in one language. @param page below the repository */
export async function codeExamples(page: string, language: 'ts' | 'js'): Promise<readonly CodeExample[]> {
  const text = await readFile(path.join(REPOSITORY, page), 'utf8');
  const examples: CodeExample[] = [];
  let title = '';
  for (const [, heading, code] of text.matchAll(
    new RegExp(`^#+ ([^\\n]*)$|^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'),
  )) {
    if (heading !== undefined) title = heading;
    if (code === undefined) continue;
    examples.push({ title, code, prints: Array.from(code.matchAll(/\/\/ → (.*)$/gm), ([, line = '']) => line) });
  }
  return examples;
}
