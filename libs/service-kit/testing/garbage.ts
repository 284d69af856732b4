import { setFlagsFromString } from 'node:v8';

import { collectInShortPauses } from '../src/garbage-collection.js';

/** Makes garbage of which some stays for a while, and has V8 tell of each collection. */
const OBJECTS = 1_000_000;
const KEPT = 50_000;

if (process.argv[2] === 'in short pauses') collectInShortPauses();
setFlagsFromString('--trace-gc-nvp');
const kept: unknown[] = [];
for (let n = 0; n < OBJECTS; n++) kept[n % KEPT] = { n, text: `number ${n}`, list: [n, n + 1, { n }] };
process.disconnect();
