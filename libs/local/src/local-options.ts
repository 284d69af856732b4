/** Where the data is. */
export type StoreChoice = 'memory' | FolderChoice | S3Choice;

/** One process at a time: the operating system's lock of the folder goes when the process goes, however it ends. */
export interface FolderChoice {
  readonly folder: string;
  /** How long to wait for another process to let go of the folder, at most an hour; 0 by default. */
  readonly waitMs?: number;
}

/** A bucket on S3 or a compatible store, which any number of processes may use at the same time. */
export interface S3Choice {
  readonly s3: {
    readonly bucket: string;
    /** Default `us-east-1`. */
    readonly region?: string;
    /** Of a store other than AWS. */
    readonly endpoint?: string;
    /** Both or neither; neither: what the AWS SDK finds in the environment. */
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    /** `https://host/bucket/key` instead of `https://bucket.host/key`. By default where there is an endpoint. */
    readonly forcePathStyle?: boolean;
  };
}

/** What a key may do. */
export type LocalScope = 'data:read' | 'data:write';

export interface KeyOptions {
  /** Default: all of them. */
  readonly scopes?: readonly LocalScope[];
}

export interface TokenOptions {
  /** The name of the database that it is for. */
  readonly database: string;
  /** Default: all of them. */
  readonly scopes?: readonly LocalScope[];
  /** Whole seconds, 1 to 900, the default. */
  readonly ttlSeconds?: number;
  /** Only keys that begin so, 1 to 512 bytes: `encodeKey(['users'])` of the client, for a tuple. */
  readonly prefix?: Uint8Array;
}

export interface LocalOptions {
  /** Default `memory`: gone with the process. */
  readonly store?: StoreChoice;
  /** Where the service listens; default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Names of the databases that there are. Default `any`: each comes to be with its first write. */
  readonly databases?: 'any' | readonly string[];
  /**
   * Where other processes on the same bucket send requests for databases that this one has. By default any free port of `host`, which reaches only
   * processes on the same machine: others wait then until a database is given up.
   */
  readonly worker?: {
    readonly host?: string;
    readonly port?: number;
    /** Where it is reached, where that is not where it listens. */
    readonly advertisedUrl?: string;
  };
  /**
   * How long a process that was killed keeps its databases from the others, 1,000 to 60,000; default 5,000. Each process writes to the bucket
   * three times as often.
   */
  readonly ttlMs?: number;
  /** What is logged, as lines of JSON on the standard output; default `silent`. */
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}
