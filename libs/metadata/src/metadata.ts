import { PrismaPg } from '@prisma/adapter-pg';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';

import { ApiKeys } from './api-keys.js';
import { ChangeFeed } from './change-feed.js';
import { Databases } from './databases.js';
import { PrismaClient } from './generated/client.js';
import { Organizations } from './organizations.js';

export interface MetadataSettings {
  readonly databaseUrl: string;
  /** Connections to Postgres at most; default 10. */
  readonly maxConnections?: number;
  /** Give up waiting for a connection after this; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Postgres gives up a statement after this; default 10,000. */
  readonly statementTimeoutMs?: number;
}

const DEFAULT_MAX_CONNECTIONS = 10;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 10_000;

/** Accounts, databases and keys in Postgres. One per process; connects when first used. */
export class Metadata {
  readonly organizations: Organizations;
  readonly databases: Databases;
  readonly apiKeys: ApiKeys;
  readonly changes: ChangeFeed;

  private constructor(
    /** For better-auth's adapter; everybody else uses the repositories. */
    readonly prisma: PrismaClient,
  ) {
    const ids = new UlidSource(systemClock, systemRandom);
    this.organizations = new Organizations(prisma, ids);
    this.databases = new Databases(prisma);
    this.apiKeys = new ApiKeys(prisma);
    this.changes = new ChangeFeed(prisma);
  }

  static open(settings: MetadataSettings): Metadata {
    const adapter = new PrismaPg({
      connectionString: settings.databaseUrl,
      max: settings.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      connectionTimeoutMillis: settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      statement_timeout: settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
      // The server cannot report a time-out over a dead connection: the client gives up a little later by itself.
      query_timeout: (settings.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS) * 2,
      application_name: 'leasehold',
    });
    return new Metadata(new PrismaClient({ adapter, errorFormat: 'minimal' }));
  }

  /** Whether Postgres answers. Never throws. */
  async answers(): Promise<boolean> {
    try {
      await this.prisma.$queryRaw`SELECT 1`;
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
