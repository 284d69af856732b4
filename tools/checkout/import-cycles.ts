import { posix } from 'node:path';

/** What a file needs of others before it can run, by its path: imports of types are gone by then, and what is imported later has time. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const IMPORT = /^(?:import|export)\s(?!type\s)(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'/gm;
const ENDINGS = ['.ts', '.tsx', '.mjs', '.js'];

export function importGraph(sources: ReadonlyMap<string, string>): ImportGraph {
  const graph = new Map<string, readonly string[]>();
  for (const [path, text] of sources) {
    const found = Array.from(text.matchAll(IMPORT), ([, named = '']) => fileOf(path, named, sources));
    graph.set(
      path,
      found.filter((file) => file !== undefined),
    );
  }
  return graph;
}

function fileOf(from: string, named: string, sources: ReadonlyMap<string, string>): string | undefined {
  const path = posix.join(posix.dirname(from), named);
  const stem = path.replace(/\.m?js$/, '');
  return [path, ...ENDINGS.map((ending) => stem + ending)].find((file) => sources.has(file));
}

/** One way round for each file that leads back to itself, found at the first of them. */
export function importCycles(graph: ImportGraph): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (file: string): void => {
    const before = way.indexOf(file);
    if (before >= 0) cycles.push([...way.slice(before), file]);
    if (before >= 0 || done.has(file)) return;
    way.push(file);
    for (const next of graph.get(file) ?? []) walk(next);
    way.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return cycles;
}
