import type { Course } from '../course/course.js';

/** An epoch belongs to one session: no other acknowledges a commit of it, and no other's log holds a frame of it. */
export function oneWriter({ database }: Course): readonly string[] {
  const writers = new Map<number, { readonly session: string; readonly by: string }>();
  const faults: string[] = [];
  const write = (epoch: number, session: string, by: string): void => {
    const known = writers.get(epoch);
    if (known === undefined) writers.set(epoch, { session, by });
    else if (known.session !== session)
      faults.push(`epoch ${epoch} is of ${known.session} (${known.by}) and of ${session} (${by})`);
  };
  for (const { id, answer, session } of database.calls) {
    if (answer.kind === 'committed' && answer.effect === 'committed' && session !== undefined)
      write(answer.version.epoch, session, `acknowledged ${id}`);
  }
  for (const { epoch, session, segment } of database.frames) write(epoch, session, `its segment ${segment}`);
  return faults;
}
