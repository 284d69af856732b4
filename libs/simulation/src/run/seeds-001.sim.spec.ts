import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(1, { fixed: 8, whole: 50 });
