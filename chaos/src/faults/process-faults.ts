import { blockEventLoop } from '../fleet/inspector.js';
import type { Child } from '../fleet/child.js';
import type { ChaosWorld, FaultAction } from './chaos-world.js';
import { chosen } from './chaos-world.js';
import { ZombieProbe } from './zombie-probe.js';

/** As an orchestrator takes: a second until a new process is started. */
const RESTART_AFTER_MS = 1_000;
const CUT_OFF_FIRST_MS = 250;
/** Requests are sent to a stopped worker so long before it goes on. */
const AHEAD_MS = 300;
/** Bursts of blocking; short enough that no lease runs out. */
const STUTTER_MS = 400;
const STUTTER_INTERVAL_MS = 700;

/** While nothing that it sends arrives: what it has acknowledged by then without having it in the bucket is lost, and some of the rest lands late. */
export const killWorker: FaultAction = async ({ fleet, pause }, { target }) => {
  const { child, proxy } = chosen(fleet.workers, target);
  proxy.beginPartition();
  try {
    await pause(CUT_OFF_FIRST_MS);
    return await kill(fleet, [child]);
  } finally {
    proxy.endPartition();
  }
};

export const killAllWorkers: FaultAction = async ({ fleet }) => {
  const children = fleet.workers.map(({ child }) => child);
  return kill(fleet, children);
};

export const killGateway: FaultAction = async ({ fleet }, { target }) => kill(fleet, [chosen(fleet.gateways, target)]);

export const killCompactor: FaultAction = async ({ fleet }, { target }) =>
  kill(fleet, [chosen(fleet.compactors, target).child]);

async function kill(fleet: ChaosWorld['fleet'], children: readonly Child[]): Promise<string> {
  await Promise.all(children.map((child) => child.kill()));
  for (const child of children) void fleet.restart(child, RESTART_AFTER_MS);
  return children.map(({ name }) => name).join(', ');
}

/** As in a rolling restart: the next one starts when the last one has drained. */
export const drainWorker: FaultAction = async ({ fleet, clock }, { target }) => {
  const { child } = chosen(fleet.workers, target);
  const begunMs = clock.monotonic();
  const drained = await child.stop();
  const tookMs = Math.round(clock.monotonic() - begunMs);
  await fleet.restart(child, 0);
  return `${child.name} ${drained ? 'drained' : 'had to be killed'} after ${tookMs} ms`;
};

export const stopWorker: FaultAction = async (world, { holdMs, target }) => {
  const { child } = chosen(world.fleet.workers, target);
  return zombie(
    world,
    child,
    holdMs,
    async () => child.signal('SIGSTOP'),
    async () => child.signal('SIGCONT'),
  );
};

export const partitionWorker: FaultAction = async (world, { holdMs, target }) => {
  const { child, proxy } = chosen(world.fleet.workers, target);
  return zombie(
    world,
    child,
    holdMs,
    async () => proxy.beginPartition(),
    async () => proxy.endPartition(),
  );
};

export const blockWorker: FaultAction = async (world, { holdMs, target }) => {
  const { child } = chosen(world.fleet.workers, target);
  // It ends by itself.
  return zombie(
    world,
    child,
    holdMs,
    () => blockEventLoop(child, holdMs),
    async () => undefined,
  );
};

export const stutterWorkers: FaultAction = async ({ fleet, clock, pause }, { holdMs }) => {
  const untilMs = clock.monotonic() + holdMs;
  let blocks = 0;
  while (clock.monotonic() < untilMs) {
    for (const { child } of fleet.workers) {
      if (!child.serving) continue;
      await blockEventLoop(child, STUTTER_MS);
      blocks++;
    }
    await pause(STUTTER_INTERVAL_MS);
  }
  return `${blocks} times ${STUTTER_MS} ms`;
};

/** Takes a worker out until others have its databases, and asks it for them when it comes back. */
async function zombie(
  world: ChaosWorld,
  child: Child,
  holdMs: number,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<string> {
  const probe = await ZombieProbe.aim(world, child);
  const begunMs = world.clock.monotonic();
  await begin();
  let sealed: boolean;
  try {
    await world.pause(Math.max(0, begunMs + holdMs - AHEAD_MS - world.clock.monotonic()));
    sealed = await probe.look();
    probe.fire();
    await world.pause(AHEAD_MS);
  } finally {
    await end();
  }
  await probe.burst();
  await probe.close();
  return `${child.name}, which had ${probe.owned} databases, ${sealed ? 'was sealed meanwhile' : 'was not sealed'}`;
}
