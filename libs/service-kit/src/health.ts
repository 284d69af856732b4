import { Injectable } from '@nestjs/common';

/** A check that hangs must not hang the probe. */
const CHECK_TIMEOUT_MS = 2_000;

export interface Readiness {
  readonly status: 'ready' | 'not-ready' | 'draining';
  readonly checks: Readonly<Record<string, 'ok' | 'failed'>>;
}

/** Whether the service should get traffic: every check passes and it is not on its way out. */
@Injectable()
export class Health {
  private readonly checks = new Map<string, () => boolean | Promise<boolean>>();
  private isDraining = false;

  addReadinessCheck(name: string, check: () => boolean | Promise<boolean>): void {
    this.checks.set(name, check);
  }

  /** From now on the service is not ready, so that load balancers look elsewhere before it stops accepting. */
  beginDrain(): void {
    this.isDraining = true;
  }

  get draining(): boolean {
    return this.isDraining;
  }

  async readiness(): Promise<Readiness> {
    const results = await Promise.all([...this.checks].map(async ([name, check]) => [name, await run(check)] as const));
    const checks = Object.fromEntries(results.map(([name, passed]) => [name, passed ? 'ok' : 'failed'] as const));
    if (this.isDraining) return { status: 'draining', checks };
    return { status: results.every(([, passed]) => passed) ? 'ready' : 'not-ready', checks };
  }
}

async function run(check: () => boolean | Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, CHECK_TIMEOUT_MS, false);
  });
  try {
    return await Promise.race([Promise.resolve(check()), timeout]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
