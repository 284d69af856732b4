import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import { REPOSITORY } from '../repository.js';
import type { Terminal } from '../terminal.js';
import type { Announcement } from './announcement.js';
import type { DataDirectory } from './data-directory.js';
import { ensureDemoTenant } from './demo-tenant.js';
import { externalParts, LOOPBACK } from './environment.js';
import { LogFile } from './log-file.js';
import { ManagedProcess, type ProcessSpec } from './managed-process.js';
import { findFreePort } from './ports.js';
import { runOnce } from './run-once.js';
import { openSecrets, writeSecrets, type Secrets } from './secrets.js';
import {
  embeddedDatabaseUrl,
  planBucket,
  planMigration,
  planPostgres,
  planServices,
  publicUrls,
} from './service-plan.js';
import type { Parts, PlanInput } from './service-plan.js';
import type { UpOptions } from './up-options.js';

const LOG_CHECK_MS = 5_000;

interface Fleet {
  bucket?: ManagedProcess;
  postgres?: ManagedProcess;
  controlPlane?: ManagedProcess;
  compactor?: ManagedProcess;
  readonly gateways: ManagedProcess[];
  readonly workers: ManagedProcess[];
}

/** Starts all processes of one machine in the order of their needs, keeps them running, and drains them in the opposite order. */
export class Supervisor {
  private readonly fleet: Fleet = { gateways: [], workers: [] };
  private secrets: Secrets;
  private readonly logTimer: NodeJS.Timeout;

  constructor(
    private readonly options: UpOptions,
    private readonly directory: DataDirectory,
    private readonly terminal: Terminal,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {
    this.secrets = openSecrets(directory.secrets);
    this.logTimer = setInterval(() => this.all().forEach((managed) => managed.rotateLog()), LOG_CHECK_MS);
  }

  /** @throws CliError when a part does not get ready. What has started by then still needs {@link stop}. */
  async start(signal: AbortSignal): Promise<Announcement> {
    const parts = await this.startParts(signal);
    const plan = planServices(this.input(), parts);
    this.terminal.say('starting the services');
    this.fleet.controlPlane = this.manage(plan.controlPlane);
    this.fleet.gateways.push(...plan.gateways.map((spec) => this.manage(spec)));
    this.fleet.workers.push(...plan.workers.map((spec) => this.manage(spec)));
    this.fleet.compactor = this.manage(plan.compactor);
    const { controlPlane, compactor, gateways, workers } = this.fleet;
    await Promise.all([controlPlane, ...gateways, ...workers, compactor].map((managed) => managed.start()));
    signal.throwIfAborted();

    const urls = publicUrls(this.options.port);
    const tenant = await ensureDemoTenant(urls, this.secrets.tenant, (changed) => this.remember({ tenant: changed }));
    signal.throwIfAborted();
    return {
      gateway: urls.gateway,
      gateways: gateways.map((gateway) => gateway.url),
      controlPlane: urls.controlPlane,
      console: urls.controlPlane,
      mailbox: externalParts(this.env).mail ? null : `${urls.controlPlane}/mailbox`,
      tenant,
      admin: this.secrets.admin,
      pids: {
        gateways: gateways.map(pidOf),
        controlPlane: pidOf(controlPlane),
        compactor: pidOf(compactor),
        bucket: this.fleet.bucket === undefined ? null : pidOf(this.fleet.bucket),
        workers: workers.map(pidOf),
      },
    };
  }

  /** Drains from the edge inwards, so that whatever still writes finds what it writes to. Every step is bounded. */
  async stop(): Promise<void> {
    for (const stage of this.stages()) await Promise.all(stage.map((managed) => managed.stop()));
  }

  /** Ends everything at once; nothing acknowledged is lost, the next start recovers. */
  async kill(): Promise<void> {
    await Promise.all(this.all().map((managed) => managed.kill()));
  }

  /** The last call, after {@link stop}. */
  close(): void {
    clearInterval(this.logTimer);
    for (const managed of this.all()) managed.close();
  }

  private async startParts(signal: AbortSignal): Promise<Parts> {
    const external = externalParts(this.env);
    const port = external.databaseUrl === undefined ? await findFreePort(LOOPBACK, this.secrets.postgresPort) : 0;
    signal.throwIfAborted();
    if (port !== 0 && port !== this.secrets.postgresPort) this.remember({ postgresPort: port });
    const bucket = planBucket(this.input());
    const postgres = planPostgres(this.input(), port);
    if (bucket) this.fleet.bucket = this.manage(bucket);
    if (postgres) this.fleet.postgres = this.manage(postgres);
    const own = [this.fleet.bucket, this.fleet.postgres].filter((managed) => managed !== undefined);
    if (own.length > 0) this.terminal.say(`starting ${own.map((managed) => managed.name).join(' and ')}`);
    await Promise.all([...own.map((managed) => managed.start()), ...(bucket ? [] : [this.checkBucketElsewhere()])]);
    signal.throwIfAborted();
    if (this.fleet.bucket) writeFileSync(this.directory.bucketUrl, `${this.fleet.bucket.url}\n`);

    const databaseUrl = external.databaseUrl ?? embeddedDatabaseUrl(this.secrets, port);
    this.terminal.say('applying migrations');
    const migration = planMigration(this.input(), databaseUrl);
    await runOnce(migration, join(this.directory.logs, 'migrate.log'), signal);
    return { bucketUrl: this.fleet.bucket?.url, databaseUrl, redisUrl: external.redisUrl };
  }

  private async checkBucketElsewhere(): Promise<void> {
    // Loaded only here: the S3 client is most of what this process would read.
    const { checkExternalBucket } = await import('./external-bucket.js');
    await checkExternalBucket(this.env, this.terminal);
  }

  private input(): PlanInput {
    const { directory, options, secrets, env } = this;
    return { repository: REPOSITORY, options, secrets, env, folders: directory };
  }

  private manage(spec: ProcessSpec): ManagedProcess {
    return new ManagedProcess(spec, new LogFile(join(this.directory.logs, `${spec.name}.log`)), {
      say: (line) => this.terminal.say(line),
    });
  }

  private remember(change: Partial<Secrets>): void {
    this.secrets = { ...this.secrets, ...change };
    writeSecrets(this.directory.secrets, this.secrets);
  }

  private stages(): readonly (readonly ManagedProcess[])[] {
    const { gateways, controlPlane, workers, compactor, postgres, bucket } = this.fleet;
    const alone = (managed: ManagedProcess | undefined) => (managed === undefined ? [] : [managed]);
    return [gateways, alone(controlPlane), workers, alone(compactor), alone(postgres), alone(bucket)];
  }

  private all(): readonly ManagedProcess[] {
    return this.stages().flat();
  }
}

function pidOf(managed: ManagedProcess): number {
  // It may have crashed since it was ready, and be waiting for its restart.
  if (managed.pid === undefined) throw new CliError(`${managed.name} ended during the start`);
  return managed.pid;
}
