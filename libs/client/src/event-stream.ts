/** One block of a stream of server-sent events. */
export interface StreamEvent {
  /** `message` where nothing else is said. */
  readonly event: string;
  readonly id: string | undefined;
  /** Undefined: the block only moves the place where a reader resumes. */
  readonly data: string | undefined;
  /** Ms to wait before coming back, where the block says so. */
  readonly retryMs: number | undefined;
}

/** A commit has at most 4 MiB of keys and values; what is longer than that in base64 with room to spare is no event of a gateway. */
const MAX_BLOCK_CHARS = 16 * 1024 * 1024;

/** Cuts the text of a stream into its blocks, however it arrives. A block that was not finished does not count. */
export class EventStreamReader {
  private rest = '';
  private lines: string[] = [];
  private linesChars = 0;

  /** @throws RangeError a block is longer than any event */
  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const [first = '', ...further] = text.split('\n');
    // Only what is new is looked through: a large event arrives in hundreds of pieces.
    this.rest += first;
    for (const next of further) {
      const part = this.rest;
      this.rest = next;
      const line = part.endsWith('\r') ? part.slice(0, -1) : part;
      if (line === '') events.push(...this.endBlock());
      else if (!line.startsWith(':')) this.addLine(line);
    }
    if (this.linesChars + this.rest.length > MAX_BLOCK_CHARS) throw new RangeError('an event is too long');
    return events;
  }

  private addLine(line: string): void {
    this.lines.push(line);
    this.linesChars += line.length;
  }

  private endBlock(): StreamEvent[] {
    const { lines } = this;
    this.lines = [];
    this.linesChars = 0;
    return lines.length === 0 ? [] : [blockOf(lines)];
  }
}

function blockOf(lines: readonly string[]): StreamEvent {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    const before = name === 'data' ? fields.get(name) : undefined;
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  const retry = fields.get('retry');
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: fields.get('data'),
    retryMs: retry !== undefined && /^\d{1,9}$/.test(retry) ? Number(retry) : undefined,
  };
}
