import { storeCells } from './store-cells.js';
import { describeCells } from './testing/describe-cells.js';

describeCells('the service with a request to the bucket that fails', storeCells());
