import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(51, 50);
