import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { seededRandom } from '@leasehold/foundation';
import type { Clock } from '@leasehold/foundation';

import { FaultProxy } from '../proxy/fault-proxy.js';
import type { TcpGate } from '../proxy/tcp-gate.js';
import { CacheDisk } from './cache-disk.js';
import { Child } from './child.js';
import type { ChildEvents } from './child.js';
import type { GivenParts } from './given-parts.js';
import { startParts } from './parts.js';
import type { Parts } from './parts.js';
import {
  compactorEnvironment,
  controlPlaneEnvironment,
  gatewayEnvironment,
  generalEnvironment,
  workerEnvironment,
} from './service-environment.js';
import type { Surroundings } from './service-environment.js';

export interface FleetSettings {
  readonly repository: string;
  /** For data and logs; exists. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly given: GivenParts;
  readonly ttlMs: number;
  readonly gateways: number;
  readonly workers: number;
  readonly compactors: number;
  readonly seed: number;
}

/** A process with its own way to the bucket. */
export interface ProxiedChild {
  readonly child: Child;
  readonly proxy: FaultProxy;
}

const MIGRATION_TIMEOUT_MS = 60_000;
/** Up to the median of a PUT to S3. */
const WAY_LATENCY = { minMs: 5, maxMs: 30 };
/** As `./leasehold up` waits after a first crash. */
const RESTART_DELAY_MS = 250;

/** All processes of one Leasehold, each known by its pid, and started again when it ends. */
export class Fleet {
  readonly gateways: Child[] = [];
  /** One before each gateway, for clients; whoever does not want its faults goes past it. */
  readonly lines: FaultProxy[] = [];
  readonly workers: ProxiedChild[] = [];
  readonly compactors: ProxiedChild[] = [];
  controlPlane!: Child;
  parts!: Parts;
  cacheDisk!: CacheDisk;
  readonly internalSecret = randomBytes(32).toString('hex');
  /** In the order of starting. */
  private readonly started: (Child | TcpGate | FaultProxy)[] = [];
  private readonly restarts = new Map<Child, Promise<void>>();
  private stopping = false;
  private deaths = 0;

  constructor(
    private readonly settings: FleetSettings,
    private readonly clock: Clock,
    private readonly say: (line: string) => void,
  ) {}

  /** Processes that ended without anybody having ended them. */
  get unexpectedDeaths(): number {
    return this.deaths;
  }

  /** @throws Error naming what did not start. What has been started by then still needs {@link stop}. */
  async start(signal: AbortSignal): Promise<void> {
    const { settings } = this;
    mkdirSync(join(settings.folder, 'logs'), { recursive: true });
    this.cacheDisk = await CacheDisk.open(settings.folder);
    this.parts = await startParts(settings, this.events(), (part) => this.started.push(part));
    signal.throwIfAborted();
    await this.migrate();
    signal.throwIfAborted();
    const surroundings = this.surroundings();
    this.controlPlane = this.service('control-plane', 'control-plane', controlPlaneEnvironment(surroundings));
    for (let n = 1; n <= settings.gateways; n++) {
      this.gateways.push(this.service(`gateway-${n}`, 'gateway', gatewayEnvironment(surroundings)));
    }
    for (let n = 1; n <= settings.workers; n++) this.workers.push(await this.addWorker(`worker-${n}`));
    for (let n = 1; n <= settings.compactors; n++) {
      const proxy = await this.openProxy(100 + n);
      const environment = compactorEnvironment(surroundings, proxy.url);
      this.compactors.push({ proxy, child: this.service(`compactor-${n}`, 'compactor', environment) });
    }
    await Promise.all(this.services().map((child) => child.start()));
    signal.throwIfAborted();
    for (const [n, { url }] of this.gateways.entries()) this.lines.push(await this.openLine(url, 200 + n));
  }

  /** Not started yet. */
  async addWorker(name: string): Promise<ProxiedChild> {
    const proxy = await this.openProxy(Number(/\d+$/.exec(name)?.[0] ?? 0));
    const environment = workerEnvironment(this.surroundings(), proxy.url);
    // Its event loop is blocked by a debugger, so that the product needs nothing for it.
    return { proxy, child: this.service(name, 'worker', environment, ['--inspect=127.0.0.1:0']) };
  }

  /** Starts it again after a pause, and again if that fails, until it serves. The same promise for every caller meanwhile. */
  restart(child: Child, delayMs = RESTART_DELAY_MS): Promise<void> {
    const known = this.restarts.get(child);
    if (known !== undefined) return known;
    const restarting = this.bringBack(child, delayMs).finally(() => this.restarts.delete(child));
    this.restarts.set(child, restarting);
    return restarting;
  }

  /** Resolves when everything that was ended serves again. */
  async settled(): Promise<void> {
    await Promise.all(this.restarts.values());
  }

  /** Ends all of it, the parts last, so that whatever still writes finds what it writes to. Every step is bounded. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { parts } = this;
    const ofParts = [parts?.postgres.own, parts?.redis?.own, parts?.bucket].filter((child) => child !== undefined);
    const children = this.started.filter((part) => part instanceof Child);
    await Promise.all(children.filter((child) => !ofParts.includes(child)).map((child) => child.stop()));
    await Promise.all(ofParts.map((child) => child.stop()));
    for (const part of this.started) {
      if (!(part instanceof Child)) await part.close();
      else part.close();
    }
    await this.cacheDisk?.close();
  }

  services(): readonly Child[] {
    const proxied = [...this.workers, ...this.compactors].map(({ child }) => child);
    return [this.controlPlane, ...this.gateways, ...proxied];
  }

  private async bringBack(child: Child, delayMs: number): Promise<void> {
    for (let pauseMs = delayMs; !this.stopping; pauseMs = 1_000) {
      await this.clock.sleep(pauseMs);
      if (this.stopping) return;
      try {
        await child.start();
        return;
      } catch (error) {
        if (!this.stopping) this.say(`${(error as Error).message.split('\n', 1)[0] ?? child.name}; once more`);
      }
    }
  }

  private events(): ChildEvents {
    return {
      died: (child, how) => {
        if (this.stopping) return;
        this.deaths++;
        this.say(`${child.name} ended by itself (${how})`);
        void this.restart(child);
      },
    };
  }

  private surroundings(): Surroundings {
    const { env, ttlMs } = this.settings;
    const { postgres, redis, store } = this.parts;
    return {
      env,
      databaseUrl: postgres.url,
      redisUrl: redis?.url,
      store,
      internalSecret: this.internalSecret,
      authSecret: this.internalSecret,
      ttlMs,
      cacheDirectory: this.cacheDisk.directory,
    };
  }

  private async openLine(gateway: string, number: number): Promise<FaultProxy> {
    const line = await FaultProxy.open(gateway, seededRandom(this.settings.seed * 1_000 + number), this.clock);
    this.started.push(line);
    return line;
  }

  private async openProxy(number: number): Promise<FaultProxy> {
    const random = seededRandom(this.settings.seed * 1_000 + number);
    const proxy = await FaultProxy.open(this.parts.endpoint, random, this.clock, WAY_LATENCY);
    this.started.push(proxy);
    return proxy;
  }

  private service(name: string, app: string, env: Readonly<Record<string, string>>, nodeArgs: string[] = []): Child {
    const { repository, folder } = this.settings;
    const child = new Child(
      {
        name,
        command: process.execPath,
        args: [...nodeArgs, '--enable-source-maps', join(repository, 'apps', app, 'dist/main.bundle.js')],
        env,
        logFile: join(folder, 'logs', `${name}.log`),
        ready: 'message',
        keepsPort: true,
        diesWithUs: true,
      },
      this.events(),
    );
    this.started.push(child);
    return child;
  }

  private async migrate(): Promise<void> {
    const { repository, env } = this.settings;
    const script = join(repository, 'libs/metadata/dist/migrate.js');
    await promisify(execFile)(process.execPath, [script], {
      env: { ...generalEnvironment(env), DATABASE_URL: this.parts.postgres.directUrl },
      timeout: MIGRATION_TIMEOUT_MS,
    });
  }
}
