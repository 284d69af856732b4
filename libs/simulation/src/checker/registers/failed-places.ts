/**
 * What has led nowhere: what was left to do with what was there, and how many of each group of possible writes had been used up. Whoever has
 * used up more of them has no more to choose from, and so gets nowhere either.
 */
export class FailedPlaces {
  private readonly used = new Map<string, (readonly number[])[]>();

  get isEmpty(): boolean {
    return this.used.size === 0;
  }

  add(place: string, used: readonly number[]): void {
    const known = this.used.get(place);
    if (known === undefined) this.used.set(place, [used]);
    else known.push(used);
  }

  has(place: string, used: readonly number[]): boolean {
    const known = this.used.get(place);
    return known?.some((fewer) => fewer.every((count, group) => count <= (used[group] as number))) ?? false;
  }
}
