import { serve } from '../child/serve.js';
import { BUCKET } from '../world/bucket-access.js';
import { appModule } from './app-module.js';

/** The worker service in a process of its own. Nothing asks for jobs: the queue that it is told of does not answer. */
export interface WorkerOptions {
  readonly bucketUrl: string;
  readonly secret: string;
}

interface Config {
  parse(env: Readonly<Record<string, string>>): unknown;
}
interface FleetWorker {
  readonly fleetWorkerConfig: Config;
  fleetPartsOf(config: unknown): unknown;
}
type StartWorker = (
  config: unknown,
  onLost: (reason: unknown) => void,
  parts: unknown,
) => Promise<{ readonly url: string }>;

serve({
  start: async ({ bucketUrl, secret }: WorkerOptions) => {
    const { fleetWorkerConfig, fleetPartsOf } = (await appModule('worker', 'fleet-worker')) as unknown as FleetWorker;
    const { startWorker } = (await appModule('worker', 'start-worker')) as { startWorker: StartWorker };
    const config = fleetWorkerConfig.parse({
      LOG_LEVEL: 'silent',
      S3_ENDPOINT: bucketUrl,
      S3_BUCKET: BUCKET.bucket,
      S3_ACCESS_KEY_ID: BUCKET.accessKeyId,
      S3_SECRET_ACCESS_KEY: BUCKET.secretAccessKey,
      LEASEHOLD_INTERNAL_SECRET: secret,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    });
    const { url } = await startWorker(config, () => process.exit(1), fleetPartsOf(config));
    return url;
  },
});
