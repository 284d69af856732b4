import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { StoreUnavailableError } from '@leasehold/object-store';

import { failureOf } from './s3-answers.js';
import { createS3Client } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';

/** AWS's first region is the one that may not be named when a bucket is created. */
const DEFAULT_REGION = 'us-east-1';

/**
 * Creates the bucket if it is missing; for development and tests, in production it is somebody's decision.
 * @throws StoreUnavailableError when the store does not answer or does not allow it
 */
export async function ensureBucket(settings: S3Settings): Promise<void> {
  const client = createS3Client(settings);
  const { bucket: Bucket, region } = settings;
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch (error) {
    if (failureOf(error).status !== 404) throw refusal('head', error);
    const CreateBucketConfiguration =
      region === DEFAULT_REGION ? undefined : { LocationConstraint: region as BucketLocationConstraint };
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration })).catch((createError: unknown) => {
      // Another process was faster.
      if (failureOf(createError).code !== 'BucketAlreadyOwnedByYou') throw refusal('create', createError);
    });
  } finally {
    client.destroy();
  }
}

function refusal(call: string, error: unknown): StoreUnavailableError {
  const { status, code } = failureOf(error);
  return new StoreUnavailableError(`object store refused to ${call} the bucket: ${status ?? 'no status'} ${code}`, {
    cause: error,
  });
}
