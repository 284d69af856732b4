import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(51, { fixed: 8, whole: 50 });
