import { runLocalBucket } from './process.js';

void runLocalBucket(process.env);
