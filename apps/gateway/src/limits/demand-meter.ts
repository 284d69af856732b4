/** Of the latest second in the mean: with a half, what a sudden flood asks is known to three quarters after two. */
const WEIGHT = 1 / 2;
/** Less than that in a second is nothing: who has stopped is forgotten some seconds later. */
const NOTHING = 0.05;

/** How much is asked in a second, lately. */
export class DemandMeter {
  private sinceTick = 0;
  private mean = 0;

  get perSecond(): number {
    return this.mean;
  }

  add(amount: number): void {
    this.sinceTick += amount;
  }

  tick(elapsedSeconds: number): void {
    this.mean += WEIGHT * (this.sinceTick / elapsedSeconds - this.mean);
    if (this.mean < NOTHING) this.mean = 0;
    this.sinceTick = 0;
  }
}
