import { createS3Store } from '@leasehold/object-store-s3';

/** The bucket itself, past all proxies. @param store as services are told it */
export function openBucket(store: Readonly<Record<string, string>>): ReturnType<typeof createS3Store> {
  return createS3Store({
    endpoint: store['S3_ENDPOINT'],
    region: store['S3_REGION'] ?? '',
    bucket: store['S3_BUCKET'] ?? '',
    accessKeyId: store['S3_ACCESS_KEY_ID'],
    secretAccessKey: store['S3_SECRET_ACCESS_KEY'],
    forcePathStyle: true,
  });
}
