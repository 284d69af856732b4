import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Linux counts the time of processes in hundredths of a second, whatever its timer does. */
const MS_PER_TICK = 10;
/** Of `/proc/<pid>/stat`, behind the name in brackets: state is the first. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/**
 * The driver alone on the last processor, everything that is measured on the others: nothing that the client does is taken from the servers.
 * Tells how it ran; where there is no way to pin, or only one processor, that it ran without.
 */
export function pinApart(driver: number, servers: readonly number[]): string {
  const cores = cpus().length;
  if (cores < 2) return 'driver and servers share one processor';
  const last = cores - 1;
  const others = last === 1 ? '0' : `0-${last - 1}`;
  try {
    pin(driver, String(last));
    for (const pid of servers) pin(pid, others);
  } catch {
    return 'driver and servers not pinned';
  }
  return `driver pinned to processor ${last}, ${last === 1 ? 'gateway and worker together' : 'servers'} to ${others}`;
}

function pin(pid: number, processors: string): void {
  execFileSync('taskset', ['-acp', processors, String(pid)], { stdio: 'ignore' });
}

/** Processor time of a process since its start; undefined where the system does not tell. */
export function processorMsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}
