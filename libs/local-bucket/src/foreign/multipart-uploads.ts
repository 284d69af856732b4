import { toHex } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';

import { S3Error } from '../s3-error.js';
import type { UserMetadata } from './user-metadata.js';

const MAX_UPLOADS = 1_000;
/** As at S3. */
const MAX_PARTS = 10_000;
/** Of one object; all of it lies in memory until it is completed. */
const MAX_OBJECT_BYTES = 1024 * 1024 * 1024;

interface Upload {
  readonly key: string;
  readonly metadata: UserMetadata;
  readonly parts: Map<number, Uint8Array>;
  sizeBytes: number;
}

/** Objects on their way in parts, in memory: an upload that is not completed before the process ends was never there. */
export class MultipartUploads {
  private readonly uploads = new Map<string, Upload>();

  constructor(private readonly random: Random) {}

  /** @param metadata of the object that it becomes */
  create(key: string, metadata: UserMetadata): string {
    if (this.uploads.size >= MAX_UPLOADS) throw new S3Error('SlowDown');
    const id = toHex(this.random.bytes(16));
    this.uploads.set(id, { key, metadata, parts: new Map(), sizeBytes: 0 });
    return id;
  }

  /** A part that was sent before is replaced. */
  put(id: string, key: string, number: number, body: Uint8Array): void {
    const upload = this.find(id, key);
    if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
      throw new S3Error('InvalidArgument', 'A part number is 1 to 10000.');
    }
    const sizeBytes = upload.sizeBytes - (upload.parts.get(number)?.byteLength ?? 0) + body.byteLength;
    if (sizeBytes > MAX_OBJECT_BYTES) throw new S3Error('EntityTooLarge');
    upload.parts.set(number, body);
    upload.sizeBytes = sizeBytes;
  }

  /** The whole object of these parts, in their order. The upload stays until it is {@link end}ed. */
  assemble(id: string, key: string, numbers: readonly number[]): Uint8Array {
    const { parts } = this.find(id, key);
    return Buffer.concat(
      numbers.map((number) => {
        const part = parts.get(number);
        if (part === undefined) throw new S3Error('InvalidPart');
        return part;
      }),
    );
  }

  /** @returns the metadata of the object */
  end(id: string, key: string): UserMetadata {
    const { metadata } = this.find(id, key);
    this.uploads.delete(id);
    return metadata;
  }

  private find(id: string, key: string): Upload {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) throw new S3Error('NoSuchUpload');
    return upload;
  }
}
