// The process that brings DATABASE_URL to this version's schema: `node libs/metadata/dist/migrate.js`. Exits with 0 when
// it is there; otherwise with 1 and one line on stderr.
import { applyMigrations } from './migrations.js';

const databaseUrl = process.env['DATABASE_URL'];
if (!databaseUrl) {
  process.stderr.write('migrate: DATABASE_URL is missing\n');
  process.exit(1);
}
try {
  await applyMigrations(databaseUrl, (line) => process.stderr.write(`migrate: ${line}\n`));
  process.exit(0);
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
