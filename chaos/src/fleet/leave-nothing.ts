type Undo = () => void;

/** Whatever becomes of us, these do not stay. */
const undone = new Set<Undo>();

/** Has something undone when this process ends, synchronously. What it returns is called when that is no longer needed. */
export function leaveNothing(undo: Undo): () => void {
  undone.add(undo);
  return () => void undone.delete(undo);
}

/** To be called when this process ends in a way that leaves no time for anything else. */
export function undoEverything(): void {
  for (const undo of undone) {
    try {
      undo();
    } catch {
      // The others still have to go.
    }
  }
}
