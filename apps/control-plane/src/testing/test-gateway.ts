import { Directory, PostgresDirectorySource, type DirectoryContext } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';

/** Within which a change is with the gateways, as our pages promise. */
const HEARS_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 20;

/** What a gateway knows of tenants, keys and databases, beside the service under test. */
export class TestGateway {
  private constructor(
    readonly directory: Directory,
    readonly source: PostgresDirectorySource,
  ) {}

  static async open(databaseUrl: string, more: Partial<DirectoryContext> = {}): Promise<TestGateway> {
    const source = new PostgresDirectorySource(databaseUrl);
    const directory = new Directory(source, { clock: systemClock, ...more });
    await directory.start();
    return new TestGateway(directory, source);
  }

  /** @throws Error when it does not within two seconds */
  async hears(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const sinceMs = systemClock.monotonic();
    while (!(await isSo())) {
      if (systemClock.monotonic() - sinceMs > HEARS_WITHIN_MS) {
        throw new Error(`the gateway has not heard of it in ${HEARS_WITHIN_MS} ms`);
      }
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  }

  /** What a bearer comes to: `ok`, or the code of the refusal. */
  codeOf(bearer: string): Promise<string> {
    return this.directory.authenticate(bearer).then(
      () => 'ok',
      (error: { readonly code?: unknown }) => String(error.code),
    );
  }

  async close(): Promise<void> {
    await this.directory.stop();
    await this.source.close();
  }
}
