/**
 * A digest of everything that happened in a run, in its order: two runs of one seed have the same one, or something in them was
 * not decided by the seed. FNV-1a over UTF-16 units, in two halves of 32 bits with different primes.
 */
export class Trace {
  private high = 0x811c9dc5;
  private low = 0xcbf29ce4;
  private events = 0;
  private readonly lines: string[] | undefined;

  /** @param keep the last lines as well, for a person */
  constructor(private readonly keep = 0) {
    this.lines = keep > 0 ? [] : undefined;
  }

  get length(): number {
    return this.events;
  }

  add(line: string): void {
    this.events++;
    let { high, low } = this;
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x01000193);
      low = Math.imul(low ^ unit, 0x85ebca6b);
    }
    this.high = Math.imul(high ^ 0x0a, 0x01000193);
    this.low = Math.imul(low ^ 0x0a, 0x85ebca6b);
    if (this.lines === undefined) return;
    this.lines.push(line);
    if (this.lines.length > 2 * this.keep) this.lines.splice(0, this.keep);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  get tail(): readonly string[] {
    return this.lines?.slice(-this.keep) ?? [];
  }
}
