/** Runs tasks one at a time, in the order in which they came. A failed task does not stop the next. Holds nothing while no task is there. */
export class Turns {
  private last: Promise<unknown> | undefined;
  private present = 0;

  /** Tasks that wait or run. */
  get length(): number {
    return this.present;
  }

  run<T>(task: () => Promise<T> | T): Promise<T> {
    this.present += 1;
    const turn = (this.last ?? Promise.resolve()).then(task);
    const leave = (): void => {
      this.present -= 1;
      if (this.present === 0) this.last = undefined;
    };
    this.last = turn.then(leave, leave);
    return turn;
  }
}
