import { GetObjectCommand } from '@aws-sdk/client-s3';

import { createS3Client } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';

/** Where a bucket is reached, and for which region requests to it are signed. */
export interface S3Address {
  readonly origin: string;
  /** As in the Host header: the port only where it is not the scheme's own. */
  readonly host: string;
  /** Before `/key`: empty where the host names the bucket. */
  readonly pathPrefix: string;
  readonly signingRegion: string;
}

interface ResolvedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

interface ResolvedEndpoint {
  readonly properties?: {
    readonly authSchemes?: readonly { readonly name: string; readonly signingRegion?: string }[];
  };
}

const KEY = 'k';

/**
 * Where the SDK would send a request for an object of the bucket: asked of the SDK itself, with a request that is stopped before it is signed. So the
 * rules of all partitions and bucket names, and what the environment says about endpoints, hold for all calls alike: a listing from one place and
 * reads from another would be a disaster.
 * @throws Error for buckets that take other signatures (S3 Express, access points of several regions)
 */
export async function s3AddressOf(settings: S3Settings): Promise<S3Address> {
  // The SDK asks for keys before it looks for the endpoint; the real ones may take a while, and may not be there yet.
  const client = createS3Client({ ...settings, accessKeyId: 'none', secretAccessKey: 'none' });
  const command = new GetObjectCommand({ Bucket: settings.bucket, Key: KEY });
  let request: ResolvedRequest | undefined;
  let endpoint: ResolvedEndpoint | undefined;
  command.middlewareStack.add(
    (_, context) => (args) => {
      request = args.request as ResolvedRequest;
      endpoint = context.endpointV2 as ResolvedEndpoint | undefined;
      return Promise.resolve({ response: undefined, output: { $metadata: {} } });
    },
    // Before the steps that open sessions, sign and send.
    { step: 'build', priority: 'high', name: 'leaseholdAddress' },
  );
  await client.send(command).finally(() => client.destroy());
  if (!request?.path.endsWith(`/${KEY}`)) throw new Error('the SDK did not tell where the bucket is');
  const [scheme] = endpoint?.properties?.authSchemes ?? [];
  if (scheme !== undefined && scheme.name !== 'sigv4')
    throw new Error(`buckets that take signatures of the kind ${scheme.name} are not supported`);
  const { protocol, hostname, port, path } = request;
  const { origin, host } = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
  const signingRegion = scheme?.signingRegion ?? (await client.config.region());
  return { origin, host, pathPrefix: path.slice(0, -`/${KEY}`.length), signingRegion };
}

/**
 * The path of an object: percent-encoded UTF-8 but for the unreserved characters of RFC 3986 and the slash, as signatures want it. Dots stay as they
 * are: to S3 they have no meaning.
 */
export function objectPath({ pathPrefix }: Pick<S3Address, 'pathPrefix'>, key: string): string {
  const encoded = encodeURIComponent(key).replace(/%2F|[!'()*]/g, (match) =>
    match === '%2F' ? '/' : `%${match.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${pathPrefix}/${encoded}`;
}
