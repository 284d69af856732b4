// A worker that takes one job, says so, and never ends it: the process that a test kills. It speaks BullMQ directly,
// because it runs as plain JavaScript, outside the test runner. Arguments: QueueStore as JSON, queue name, lock in ms.
import { createPostgresBackend, Worker } from 'bullmq';

const [store, queue, lockDurationMs] = [JSON.parse(process.argv[2]), process.argv[3], Number(process.argv[4])];

const hang = async () => {
  process.stdout.write('active\n');
  await new Promise(() => undefined);
};

// On Redis, the interval of whoever looked last for abandoned jobs holds for everybody.
const settings = { concurrency: 1, lockDuration: lockDurationMs, stalledInterval: Math.ceil(lockDurationMs / 3) };
const worker =
  store.kind === 'postgres'
    ? new Worker(
        queue,
        hang,
        { ...settings, connection: { connectionString: store.databaseUrl, schema: store.namespace, migrate: true } },
        createPostgresBackend,
      )
    : new Worker(queue, hang, {
        ...settings,
        prefix: store.namespace,
        connection: { url: store.redisUrl, maxRetriesPerRequest: null },
      });
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
