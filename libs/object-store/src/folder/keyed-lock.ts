interface Line {
  /** Ends when every writer so far has ended. */
  writers: Promise<void>;
  /** Ends when every reader since the last writer has ended. */
  readers: Promise<void>;
  waiting: number;
}

/**
 * Per key: writers one at a time, readers together, in the order of arrival. Keys are independent and cost nothing when nobody is there.
 * At most as many entries as there are calls in progress.
 */
export class KeyedLock {
  private readonly lines = new Map<string, Line>();

  write<T>(key: string, body: () => Promise<T>): Promise<T> {
    return this.enter(key, body, (line, ended, before) => {
      line.writers = ended;
      line.readers = Promise.resolve();
      return before;
    });
  }

  read<T>(key: string, body: () => Promise<T>): Promise<T> {
    return this.enter(key, body, (line, ended) => {
      const others = line.readers;
      line.readers = others.then(() => ended);
      return line.writers;
    });
  }

  private async enter<T>(
    key: string,
    body: () => Promise<T>,
    join: (line: Line, ended: Promise<void>, before: Promise<void>) => Promise<void>,
  ): Promise<T> {
    const line = this.lines.get(key) ?? { writers: Promise.resolve(), readers: Promise.resolve(), waiting: 0 };
    this.lines.set(key, line);
    line.waiting++;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { writers, readers } = line;
    const turn = join(
      line,
      ended,
      writers.then(() => readers),
    );
    try {
      await turn;
      return await body();
    } finally {
      end();
      if (--line.waiting === 0) this.lines.delete(key);
    }
  }
}
