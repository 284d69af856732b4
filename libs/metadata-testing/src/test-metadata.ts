import { applyMigrations, Metadata, type MetadataSettings } from '@leasehold/metadata';

import { startTestPostgres, type TestPostgres } from './test-postgres.js';

/** How to open it; what is not said is as in production. */
export interface TestMetadataOptions extends Omit<MetadataSettings, 'databaseUrl'> {
  /** A server that is there already, whose owner closes it. Without one, a server is started for this alone. */
  readonly postgres?: TestPostgres;
}

/** The metadata of a test: a database of its own, migrated, and what reads and writes it. */
export interface TestMetadata {
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  readonly metadata: Metadata;
  /**
   * Makes an organization, whose owner is `<name>@example.com`. No two of a database have one name.
   *
   * @returns its id
   */
  newOrganization(name?: string): Promise<string>;
  /** Ends the connections, and the server if it was started for this. */
  close(): Promise<void>;
}

/** A migrated database and the repositories on it, in about two seconds. The caller closes it. */
export async function openTestMetadata(options: TestMetadataOptions = {}): Promise<TestMetadata> {
  const { postgres: given, ...settings } = options;
  const postgres = given ?? (await startTestPostgres());
  const closeServer = async () => (given ? undefined : postgres.close());
  try {
    const databaseUrl = await postgres.createDatabase();
    await applyMigrations(databaseUrl, () => undefined);
    const metadata = Metadata.open({ ...settings, databaseUrl });
    let organizations = 0;
    return {
      ...{ postgres, databaseUrl, metadata },
      async newOrganization(name = `owner${++organizations}`) {
        const account = { email: `${name}@example.com`, passwordHash: 'hash', organizationName: name };
        return (await metadata.organizations.createAccount(account)).organization.id;
      },
      async close() {
        await metadata.close();
        await closeServer();
      },
    };
  } catch (error) {
    await closeServer();
    throw error;
  }
}
