import { z } from 'zod';

import type { Probed } from './probe.js';

/** Of what a process says about itself. */
const MAX_ANSWER_BYTES = 4_096;

const readiness = z.object({
  status: z.string().max(100),
  checks: z.record(z.string().max(100), z.string().max(100)),
});

/** Asks a process of Leasehold whether it should get work: `/readyz`. @throws where it does not answer, or something else does */
export async function askReady(url: string, signal: AbortSignal): Promise<Probed> {
  const answer = await fetch(new URL('/readyz', url), { redirect: 'error', signal });
  const { status, checks } = readiness.parse(JSON.parse(await shortText(answer)));
  if (answer.status === 200) return { state: 'ok', detail: null };
  const failed = Object.entries(checks).filter(([, outcome]) => outcome !== 'ok');
  const why = failed.length === 0 ? status : `failed: ${failed.map(([name]) => name).join(', ')}`;
  return { state: 'not-ready', detail: why };
}

/** Whatever else answers there may go on for ever: it is left as soon as it has said too much. */
async function shortText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('something else answers there');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
