import type { KvEntryMaybe, KvKey } from '@deno/kv';

import type { KvSide } from './kv-side.js';

const SETTLE_MS = 20_000;
const POLL_MS = 50;

/** Watches keys of one side, and keeps what it was told last. */
export class KvWatcher {
  private latest: readonly KvEntryMaybe<unknown>[] = [];
  private readonly reader: ReadableStreamDefaultReader<KvEntryMaybe<unknown>[]>;

  constructor(
    private readonly side: KvSide,
    private readonly keys: KvKey[],
  ) {
    this.reader = side.kv.watch(keys, { raw: true }).getReader() as typeof this.reader;
    void this.listen();
  }

  /** What it was told, once that is what is there; ends the watch. */
  async settled(): Promise<readonly unknown[]> {
    this.side.begin();
    const present = await this.side.kv.getMany(this.keys);
    const stamps = (entries: readonly KvEntryMaybe<unknown>[]) =>
      entries.map(({ versionstamp }) => versionstamp).join();
    const endsAt = Date.now() + SETTLE_MS;
    while (stamps(this.latest) !== stamps(present)) {
      if (Date.now() > endsAt)
        throw new Error(`${this.side.name} did not tell all: ${stamps(this.latest)}, not ${stamps(present)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this.reader.cancel();
    return this.latest.map((entry) => this.side.show(entry));
  }

  private async listen(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) return;
      this.latest = value;
    }
  }
}
