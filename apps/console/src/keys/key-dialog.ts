import type { ApiKey } from './key-list.js';

/** What every dialog about a key is told. */
export interface KeyDialogProps {
  readonly apiKey: ApiKey;
  readonly opened: boolean;
  readonly onClose: () => void;
}
