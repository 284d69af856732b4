import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { Leasehold } from './leasehold.js';

/**
 * Control plane and Postgres of an `up`, stopped where they are, as on a machine that hangs: connections stay open and nobody answers. Nothing
 * restarts them, since they have not ended. A Postgres that is not of `up` (`E2E_PARTS=external`) goes on.
 */
export class Frozen {
  private readonly pids: number[] = [];

  private constructor() {}

  static async metadata({ ready, data }: Leasehold): Promise<Frozen> {
    const frozen = new Frozen();
    frozen.stop(ready.pids.controlPlane);
    const postmaster = await postmasterOf(data);
    if (postmaster === undefined) return frozen;
    // First who accepts connections: from then on there are no more of those who serve them.
    frozen.stop(postmaster);
    for (const pid of await childrenOf(postmaster)) frozen.stop(pid);
    return frozen;
  }

  thaw(): void {
    for (const pid of this.pids.splice(0).reverse()) signal(pid, 'SIGCONT');
  }

  private stop(pid: number): void {
    signal(pid, 'SIGSTOP');
    this.pids.push(pid);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended: one that served a connection does when that is closed.
  }
}

async function postmasterOf(data: string): Promise<number | undefined> {
  try {
    return Number((await readFile(path.join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n', 1)[0]);
  } catch {
    return undefined;
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}
