/** One block of an event stream (WHATWG HTML, "Server-sent events"). */
export interface StreamedEvent {
  /** Where a reader resumes; one without data moves that place and is no event. */
  readonly id?: string;
  /** `message` when it says nothing. */
  readonly event?: string;
  readonly data?: string;
  /** How long a reader waits before it connects again, from now on. */
  readonly retryMs?: number;
}

export const EVENT_STREAM_MEDIA_TYPE = 'text/event-stream';
/** A comment: nobody sees it, and the connection is not silent. */
export const HEARTBEAT = ':\n\n';

const LINE_ENDS = /\r\n|\r|\n/;

/** A line end in the data begins a further line of data; readers join them by `\n`. Neither id nor event may hold one. */
export function formatEvent({ id, event, data, retryMs }: StreamedEvent): string {
  let block = '';
  if (event !== undefined) block += `event: ${event}\n`;
  if (id !== undefined) block += `id: ${id}\n`;
  if (retryMs !== undefined) block += `retry: ${retryMs}\n`;
  if (data !== undefined) for (const line of data.split(LINE_ENDS)) block += `data: ${line}\n`;
  return `${block}\n`;
}

/** What {@link EventStreamReader} gives: an event with data, of which a block may have several lines. */
export interface ReceivedEvent {
  /** Of the stream, not of the block: that of the last block that had one. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Takes a stream as it arrives, cut anywhere. A block without its empty line at the end is no event: its sender did not finish it. */
export class EventStreamReader {
  /** Of the last whole block. */
  lastId = '';
  retryMs: number | undefined;
  private readonly decoder = new TextDecoder();
  private rest = '';
  private id = '';
  private event = '';
  private data: string[] = [];

  push(chunk: Uint8Array): readonly ReceivedEvent[] {
    const text = this.rest + this.decoder.decode(chunk, { stream: true });
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => (line === '' ? this.dispatch() : this.take(line)));
  }

  private take(line: string): readonly ReceivedEvent[] {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id') this.id = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
    return [];
  }

  private dispatch(): readonly ReceivedEvent[] {
    const { event, data } = this;
    this.lastId = this.id;
    this.event = '';
    this.data = [];
    if (data.length === 0) return [];
    return [{ id: this.lastId, event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}
