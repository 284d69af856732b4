// Real servers for the tests that need them, on loopback, in a folder that can be thrown away.
//   node tools/test-servers/main.mjs up FOLDER [redis] [s3] [postgres]   starts them and prints `export` lines for eval
//   node tools/test-servers/main.mjs down FOLDER                         stops what was started there
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { startCeph } from './ceph.mjs';
import { startPostgres } from './postgres.mjs';
import { stopAll } from './processes.mjs';
import { startRedis } from './redis.mjs';

const STARTERS = {
  redis: async (/** @type {string} */ folder) => ({ TEST_REDIS_URL: (await startRedis(folder)).url }),
  s3: async (/** @type {string} */ folder) => {
    const { endpoint, accessKeyId, secretAccessKey } = await startCeph(folder);
    return {
      TEST_S3_ENDPOINT: endpoint,
      TEST_S3_REGION: 'us-east-1',
      TEST_S3_ACCESS_KEY_ID: accessKeyId,
      TEST_S3_SECRET_ACCESS_KEY: secretAccessKey,
      TEST_S3_FORCE_PATH_STYLE: 'true',
    };
  },
  postgres: async (/** @type {string} */ folder) => ({ TEST_DATABASE_URL: (await startPostgres(folder)).url }),
};

const [command, where, ...chosen] = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : Object.keys(STARTERS);
const unknown = names.filter((name) => !(name in STARTERS));
if ((command !== 'up' && command !== 'down') || where === undefined || unknown.length > 0) {
  console.error(`usage: main.mjs up FOLDER [${Object.keys(STARTERS).join('] [')}] | down FOLDER`);
  process.exit(2);
}
const folder = resolve(where);
if (command === 'down') {
  await stopAll(folder);
} else {
  mkdirSync(folder, { recursive: true });
  try {
    const found = await Promise.all(names.map((name) => STARTERS[/** @type {keyof typeof STARTERS} */ (name)](folder)));
    for (const [name, value] of Object.entries(Object.assign({}, ...found))) console.log(`export ${name}='${value}'`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await stopAll(folder);
    process.exitCode = 1;
  }
}
