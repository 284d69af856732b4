/** Where in the history of its store a change was made. Opaque to all but its source. */
export type ChangePosition = string;

/** What of the history of its store an answer tells. */
export interface StoreView {
  /** Whether the change was there when the answer was made. False where nobody can tell. */
  includes(position: ChangePosition): boolean;
}

/** What is kept in memory, until a change is told that it does not include. */
export interface Viewed {
  /** Undefined: nobody can tell which changes it includes. */
  readonly asOf?: StoreView | undefined;
}

/** Whether nothing has to be forgotten because of a change at this position; undefined: nobody knows where it was made. */
export function includesChange({ asOf }: Viewed, position: ChangePosition | undefined): boolean {
  return asOf !== undefined && position !== undefined && asOf.includes(position);
}
