import { z } from 'zod';

import type { Probed } from './probe.js';

/** Of what a process says about itself. */
const MAX_ANSWER_CHARS = 4_096;

const readiness = z.object({
  status: z.string().max(100),
  checks: z.record(z.string().max(100), z.string().max(100)),
});

/** Asks a process of Leasehold whether it should get work: `/readyz`. @throws where it does not answer, or something else does */
export async function askReady(url: string, signal: AbortSignal): Promise<Probed> {
  const answer = await fetch(new URL('/readyz', url), { redirect: 'error', signal });
  const text = await answer.text();
  if (text.length > MAX_ANSWER_CHARS) throw new Error('something else answers there');
  const { status, checks } = readiness.parse(JSON.parse(text));
  if (answer.status === 200) return { state: 'ok', detail: null };
  const failed = Object.entries(checks).filter(([, outcome]) => outcome !== 'ok');
  const why = failed.length === 0 ? status : `failed: ${failed.map(([name]) => name).join(', ')}`;
  return { state: 'not-ready', detail: why };
}
