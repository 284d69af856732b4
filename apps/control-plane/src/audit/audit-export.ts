import type { Readable } from 'node:stream';

import type { AuditFilter, AuditLog } from '@leasehold/metadata';

import { ExportPlaces } from '../requests/export-places.js';
import type { AuditFormat } from './audit-format.js';

/** In memory at once, of one export. */
const PAGE_ENTRIES = 500;
/** Under way at once, at one instance. */
const MAX_EXPORTS = 8;

/** All of an organization's entries as a file, page by page as they are taken. */
export class AuditExports {
  private readonly places = new ExportPlaces(MAX_EXPORTS);

  constructor(private readonly log: Pick<AuditLog, 'list'>) {}

  /**
   * What is made meanwhile is not in it.
   *
   * @throws ProblemError overloaded
   */
  begin(organizationId: string, filter: AuditFilter, format: AuditFormat): Readable {
    return this.places.begin(this.lines(organizationId, filter, format));
  }

  private async *lines(
    organizationId: string,
    filter: AuditFilter,
    format: AuditFormat,
  ): AsyncGenerator<string, void, void> {
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
  }
}
