import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { checkoutFiles, pathInCheckout } from './checkout-files.js';
import { importCycles, importGraph } from './import-cycles.js';

const cyclesOf = (sources: Readonly<Record<string, string>>) =>
  importCycles(importGraph(new Map(Object.entries(sources))));

describe('imports', () => {
  it('lead no file of this checkout back to itself', () => {
    const paths = checkoutFiles().filter((path) => /\.(?:tsx?|mjs)$/.test(path));
    const sources = new Map(paths.map((path) => [path, readFileSync(pathInCheckout(path), 'utf8')] as const));
    const graph = importGraph(sources);
    expect(importCycles(graph)).toEqual([]);
    // That nothing was found means something.
    expect([...graph.values()].flat().length).toBeGreaterThan(paths.length);
  });

  it('are followed over several files, folders and lines', () => {
    const cycles = cyclesOf({
      'a/one.ts': `import {\n  two,\n} from './two.js';`,
      'a/two.ts': `import './three.js';`,
      'a/three.tsx': `export { one } from '../a/one.js';`,
      'b.ts': `import { one } from './a/one.js';`,
    });
    expect(cycles).toEqual([['a/one.ts', 'a/two.ts', 'a/three.tsx', 'a/one.ts']]);
  });

  it('of types, of packages, and those made later are none', () => {
    const cycles = cyclesOf({
      'one.ts': `import type { Two } from './two.js';\nimport { three } from 'three';`,
      'two.ts': `import { one } from './one.js';\nexport type { One } from './one.js';`,
      'three.ts': `const later = () => import('./three.js');`,
    });
    expect(cycles).toEqual([]);
  });
});
