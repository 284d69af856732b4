/** Name and keys of every bucket that a benchmark starts; it listens on loopback only and ends with the benchmark. */
export const BUCKET = { bucket: 'bench', accessKeyId: 'bench', secretAccessKey: 'bench-secret' } as const;

export const REGION = 'us-east-1';
