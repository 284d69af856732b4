import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(51, { fixed: 15, whole: 50 });
