import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(76, 25);
