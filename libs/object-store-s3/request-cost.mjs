// CPU of this process for one request to the bucket, through this library and through the SDK alone; the bucket is another process. 64 requests at a
// time, objects of 1 KB, rounds in turns, medians. After `node tools/build.mjs`:
//   node libs/object-store-s3/request-cost.mjs
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createS3Client } from './dist/s3-settings.js';
import { createS3Store } from './dist/index.js';

const AT_ONCE = 64;
const REQUESTS = 3_000;
const ROUNDS = 5;
const BODY = Buffer.alloc(1_000, 7);

const folder = await mkdtemp(join(tmpdir(), 'leasehold-request-cost-'));
const keys = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secretsecretsecretsecret' };
const bucket = fork(join(import.meta.dirname, '../local-bucket/dist/main.js'), {
  env: {
    ...process.env,
    BUCKET_DIR: folder,
    S3_BUCKET: 'main',
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    HOST: '127.0.0.1',
    PORT: '0',
  },
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
try {
  const { url } = await new Promise((resolve, reject) => {
    bucket.once('exit', (code) => reject(new Error(`the bucket ended with ${code}`)));
    bucket.on('message', (message) => message.type === 'ready' && resolve(message));
  });
  const settings = { endpoint: url, region: 'us-east-1', bucket: 'main', forcePathStyle: true, ...keys };
  await measure(createS3Store(settings), createS3Client(settings));
} finally {
  const ended = new Promise((resolve) => bucket.once('exit', resolve));
  bucket.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
}

async function measure(store, sdk) {
  let puts = 0;
  const at = (Key) => ({ Bucket: 'main', Key });
  const kinds = {
    'get, SDK': async () => (await sdk.send(new GetObjectCommand(at('read')))).Body.transformToByteArray(),
    'get, this library': () => store.get('read'),
    'put, SDK': () => sdk.send(new PutObjectCommand({ ...at(`put/${puts++}`), Body: BODY, IfNoneMatch: '*' })),
    'put, this library': () => store.put(`put/${puts++}`, BODY, 'create'),
  };
  await store.put('read', BODY, 'create');
  const measured = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [kind, call] of Object.entries(kinds)) {
      const cost = await costOf(call);
      if (round > 0) measured[kind].push(cost);
    }
  }
  for (const [kind, costs] of Object.entries(measured)) {
    costs.sort((a, b) => a - b);
    const [least, median, most] = [costs[0], costs[ROUNDS >> 1], costs[ROUNDS - 1]].map(Math.round);
    console.log(`${kind.padEnd(18)} ${String(median).padStart(5)} µs of CPU (${least} to ${most})`);
  }
  store.close();
  sdk.destroy();
}

async function costOf(call) {
  let left = REQUESTS;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await call();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}
