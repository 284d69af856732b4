import { UnknownOutcomeError } from '@leasehold/client';

import { BadLineError } from './import-batches.js';
import { entriesText } from './transfer-progress.js';

/** What an import came to that wrote all of a file, in a sentence. */
export function wholeText(entries: number): string {
  return entries === 0 ? 'There was nothing to write.' : `${writtenText(entries)}.`;
}

/** What one came to that did not. @param error undefined: it was stopped */
export function partlyText(entries: number, error: Error | undefined): string {
  if (error instanceof UnknownOutcomeError) {
    return `${writtenText(entries)} for sure. Of what was sent last it is not known; going on settles it.`;
  }
  if (error instanceof BadLineError) {
    return entries === 0
      ? 'Nothing is written.'
      : `What stands before it is written, ${entriesText(entries)}; nothing behind it is.`;
  }
  return error === undefined ? `The import was stopped. ${writtenText(entries)}.` : `${writtenText(entries)} by now.`;
}

function writtenText(entries: number): string {
  if (entries === 0) return 'Nothing is written';
  return `${entriesText(entries)} ${entries === 1 ? 'is' : 'are'} written`;
}
