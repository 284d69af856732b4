import { z } from 'zod';

/** How far a job is. Both only grow; the work that is left may turn out to be more than was known. */
export interface JobProgress {
  /** Done of it. */
  readonly bytes: number;
  readonly ofBytes: number;
}

/** What a running job keeps in the queue for whoever looks. Another version's may have other members. */
const toldProgress = z.object({
  /** Of the run that tells it, as the queue knows it: a job that was abandoned runs again, and what is told of the run before is not its. */
  startedAt: z.number(),
  toldAt: z.number(),
  /** It can no more be cancelled: it is doing the one thing that counts. */
  committing: z.boolean(),
  progress: z.object({ bytes: z.number().nonnegative(), ofBytes: z.number().nonnegative() }).optional(),
});

export type ToldProgress = z.output<typeof toldProgress>;

/** @param startedAt of the present run; what another one told is nothing */
export function toldProgressOf(stored: unknown, startedAt: number): ToldProgress | undefined {
  const parsed = toldProgress.safeParse(stored);
  return parsed.success && parsed.data.startedAt === startedAt ? parsed.data : undefined;
}
