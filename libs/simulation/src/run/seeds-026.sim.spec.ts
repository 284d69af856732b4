import { describeSeeds } from './testing/describe-seeds.js';

describeSeeds(26, 25);
