// Generates the Prisma client from schema.prisma into src/generated, without network.
//
// Prisma's CLI insists on finding its schema engine, a native program that it would download, though `generate` never
// runs it: naming any existing file satisfies it. A stamp of the schema and Prisma's version makes a repeat free.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);
const output = join(here, 'src', 'generated');
const stampFile = join(output, '.stamp');

const prismaPackage = require.resolve('prisma/package.json');
const stamp = createHash('sha256')
  .update(readFileSync(join(here, 'schema.prisma')))
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .update(JSON.parse(readFileSync(prismaPackage, 'utf8')).version)
  .digest('hex');

if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) process.exit(0);

// A half-written client must not carry a stamp: the stamp goes first and comes last.
rmSync(stampFile, { force: true });
const run = spawnSync(
  process.execPath,
  [join(prismaPackage, '..', 'build', 'index.js'), 'generate', '--no-hints', '--schema', join(here, 'schema.prisma')],
  {
    cwd: here,
    encoding: 'utf8',
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  },
);
if (run.status !== 0) {
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}prisma generate failed\n`);
  process.exit(1);
}
mkdirSync(output, { recursive: true });
writeFileSync(`${stampFile}.tmp`, stamp);
renameSync(`${stampFile}.tmp`, stampFile);
