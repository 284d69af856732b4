import { defineConfig } from 'prisma/config';

/** For Prisma's own CLI (`npx prisma migrate deploy` and the like). The service itself needs only `src/migrate.ts`. */
export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
