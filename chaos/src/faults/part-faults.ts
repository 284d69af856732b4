import type { GatedServer } from '../fleet/parts.js';
import { redisCommand } from '../fleet/redis-command.js';
import type { ChaosWorld, FaultAction } from './chaos-world.js';

export const stopPostgres: FaultAction = async (world, { holdMs }) => {
  await makeKnown(world);
  return outage(world, world.fleet.parts.postgres, holdMs);
};

export const stopRedis: FaultAction = async (world, { holdMs }) => outage(world, redisOf(world), holdMs);

export const hangPostgres: FaultAction = async (world, { holdMs }) => {
  const { fleet, pause } = world;
  const { gate } = fleet.parts.postgres;
  await makeKnown(world);
  gate.hold();
  try {
    await pause(holdMs);
  } finally {
    gate.reopen();
  }
  return `for ${holdMs} ms`;
};

export const flushQueue: FaultAction = async (world) => {
  const redis = redisOf(world);
  // In a server that others use, only the keyspace of this run.
  const command = redis.own === undefined ? 'FLUSHDB' : 'FLUSHALL';
  await redisCommand(redis.directUrl, command);
  return command;
};

/** What is promised without Postgres is promised of keys and databases that a gateway knows: one that has just started knows none. */
async function makeKnown({ databases, gateways }: ChaosWorld): Promise<void> {
  for (const database of databases) {
    await Promise.all(gateways().map((gateway) => gateway.send(database.stats())));
  }
}

/** Stopped and started again where it is ours; else the way to it is cut. */
async function outage({ fleet, pause }: ChaosWorld, { own, gate }: GatedServer, holdMs: number): Promise<string> {
  if (own !== undefined) await own.stop();
  else gate.refuse();
  try {
    await pause(holdMs);
  } finally {
    if (own !== undefined) await fleet.restart(own, 0);
    else gate.reopen();
  }
  return own === undefined ? `cut off for ${holdMs} ms` : `stopped for ${holdMs} ms`;
}

function redisOf(world: ChaosWorld): GatedServer {
  const { redis } = world.fleet.parts;
  if (redis === undefined) throw new Error('there is no Redis in this run');
  return redis;
}
