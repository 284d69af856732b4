import { ProblemError } from '@leasehold/protocol';
import type { AuditFilter, AuditLog } from '@leasehold/metadata';

import type { AuditFormat } from './audit-format.js';

/** In memory at once, of one export. */
const PAGE_ENTRIES = 500;
/** Under way at once, at one instance; each holds a page. */
const MAX_EXPORTS = 8;
const RETRY_AFTER_MS = 10_000;

/** All of an organization's entries as a file, page by page as they are taken. */
export class AuditExports {
  private underWay = 0;

  constructor(private readonly log: Pick<AuditLog, 'list'>) {}

  /**
   * Takes its place before anything is sent. What is made meanwhile is not in it.
   *
   * @throws ProblemError overloaded
   */
  begin(organizationId: string, filter: AuditFilter, format: AuditFormat): AsyncGenerator<string, void, void> {
    if (this.underWay >= MAX_EXPORTS) {
      throw new ProblemError('overloaded', 'too many exports are under way', { retryAfterMs: RETRY_AFTER_MS });
    }
    return this.lines(organizationId, filter, format);
  }

  private async *lines(
    organizationId: string,
    filter: AuditFilter,
    format: AuditFormat,
  ): AsyncGenerator<string, void, void> {
    this.underWay += 1;
    try {
      if (format.head !== '') yield format.head;
      let before: bigint | undefined;
      // Ends: ids only fall.
      for (;;) {
        const page = await this.log.list(organizationId, before, PAGE_ENTRIES, filter);
        if (page.length > 0) yield page.map((entry) => format.lineOf(entry)).join('');
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE_ENTRIES) return;
        before = BigInt(last.id);
      }
    } finally {
      this.underWay -= 1;
    }
  }
}
