export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name; rejects when there is none. */
export type Resolve = (name: string) => Promise<readonly Address[]>;
