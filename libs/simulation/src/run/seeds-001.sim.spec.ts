import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(1, { fixed: 15, whole: 50 });
