/** Runs tasks one at a time, in the order in which they came. A failed task does not stop the next. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private present = 0;

  /** Tasks that wait or run. */
  get length(): number {
    return this.present;
  }

  run<T>(task: () => Promise<T> | T): Promise<T> {
    this.present += 1;
    const turn = this.last.then(task);
    const leave = (): void => {
      this.present -= 1;
    };
    this.last = turn.then(leave, leave);
    return turn;
  }
}
