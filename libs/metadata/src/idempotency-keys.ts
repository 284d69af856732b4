import { Prisma, type PrismaClient } from './generated/client.js';
import type { KeyedRequest } from './keyed-request.js';
import { pruneRows } from './prune-rows.js';

/** How long a key is remembered. */
export const KEY_RETENTION_SECONDS = 24 * 60 * 60;
/** That one caller may have at a time. */
export const MAX_IDEMPOTENCY_KEYS = 10_000;
/** Who has not answered by then is taken for dead; should it live, it can change nothing more. */
const CLAIM_SECONDS = 30;

export interface KeyUse {
  /** Empty: of a person, whatever organization they act for. */
  readonly organizationId: string;
  /** `user:<id>` or `key:<id>`. */
  readonly principal: string;
  readonly key: string;
  /** 16 bytes. */
  readonly digest: Uint8Array;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: there is none. */
  readonly body: unknown;
}

/** What a request with a key is: the one that does the work, or one of those that hear of it. */
export type Claim =
  | { readonly kind: 'claimed'; readonly request: KeyedRequest }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  /** The key was used for a request that was another one. */
  | { readonly kind: 'reused' }
  /** Somebody is at it. */
  | { readonly kind: 'running' }
  /** It was applied, and whoever did it died before the answer was kept. */
  | { readonly kind: 'answer-lost' }
  /** The caller has as many keys as are remembered. */
  | { readonly kind: 'exhausted' };

interface Row {
  readonly id: bigint;
  readonly digest: Uint8Array;
  readonly attempt: number;
  readonly changed: boolean;
  readonly late: boolean;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: unknown;
}

/** Idempotency keys of the control plane: each request with a key is applied once, whoever dies in the middle of it. */
export class IdempotencyKeys {
  constructor(private readonly prisma: PrismaClient) {}

  async claim(use: KeyUse): Promise<Claim> {
    const fresh = await this.insert(use);
    if (fresh) return { kind: 'claimed', request: fresh };
    const present = await this.find(use);
    // It was released, or pruned, a moment ago; or there is no room.
    if (!present) return (await this.isFull(use)) ? { kind: 'exhausted' } : { kind: 'running' };
    if (Buffer.compare(present.digest, use.digest) !== 0) return { kind: 'reused' };
    if (present.status !== null) {
      const { status, headers, body } = present;
      return { kind: 'answered', answer: { status, headers: headers ?? {}, body: body ?? undefined } };
    }
    if (!present.late) return { kind: 'running' };
    return this.takeOver(present);
  }

  /** Answers of the same request are this one from now on. */
  async answer({ id, attempt }: KeyedRequest, { status, headers, body }: StoredAnswer): Promise<void> {
    await this.prisma.idempotencyKey.updateMany({
      where: { id, attempt },
      data: {
        status,
        headers: { ...headers },
        body: body === undefined ? Prisma.DbNull : (body as Prisma.InputJsonValue),
        answeredAt: new Date(),
      },
    });
  }

  /** The request was refused, or came to nothing: the key is free again, unless something of it is durable. */
  async release({ id, attempt }: KeyedRequest): Promise<void> {
    await this.prisma.idempotencyKey.deleteMany({ where: { id, attempt, changed: false, status: null } });
  }

  /** Deletes what is older than the retention, a bounded number of rows; returns how many. */
  prune(): Promise<number> {
    return pruneRows(
      (limit) => this.prisma.$executeRaw`
        DELETE FROM idempotency_keys WHERE id IN (
          SELECT id FROM idempotency_keys WHERE created_at < now() - ${KEY_RETENTION_SECONDS}::int * interval '1 second'
          ORDER BY created_at LIMIT ${limit}::int)`,
    );
  }

  /** Undefined: there is one, or no room for it. One that is past its time counts as none. */
  private async insert({ organizationId, principal, key, digest }: KeyUse): Promise<KeyedRequest | undefined> {
    const [row] = await this.prisma.$queryRaw<{ id: bigint; attempt: number }[]>`
      INSERT INTO idempotency_keys AS present (organization_id, principal, key, digest)
      SELECT ${organizationId}, ${principal}, ${key}, ${Buffer.from(digest)}
      WHERE (
        SELECT count(*) FROM (
          SELECT 1 FROM idempotency_keys WHERE organization_id = ${organizationId} AND principal = ${principal}
          LIMIT ${MAX_IDEMPOTENCY_KEYS}::int) AS remembered
      ) < ${MAX_IDEMPOTENCY_KEYS}::int
      ON CONFLICT (organization_id, principal, key) DO UPDATE
        SET digest = excluded.digest, attempt = present.attempt + 1, changed = false, claimed_at = now(), created_at = now(),
          answered_at = NULL, status = NULL, headers = NULL, body = NULL
        WHERE present.created_at < now() - ${KEY_RETENTION_SECONDS}::int * interval '1 second'
      RETURNING id, attempt`;
    return row;
  }

  private async find({ organizationId, principal, key }: KeyUse): Promise<Row | undefined> {
    const [row] = await this.prisma.$queryRaw<Row[]>`
      SELECT id, digest, attempt, changed, status, headers, body,
        claimed_at < now() - ${CLAIM_SECONDS}::int * interval '1 second' AS late
      FROM idempotency_keys WHERE organization_id = ${organizationId} AND principal = ${principal} AND key = ${key}`;
    return row;
  }

  private async isFull({ organizationId, principal }: KeyUse): Promise<boolean> {
    const count = await this.prisma.idempotencyKey.count({
      where: { organizationId, principal },
      take: MAX_IDEMPOTENCY_KEYS,
    });
    return count >= MAX_IDEMPOTENCY_KEYS;
  }

  /** Waits for a transaction of the one before that has begun: then it is known whether that one changed anything. */
  private async takeOver({ id, attempt }: Row): Promise<Claim> {
    const [taken] = await this.prisma.$queryRaw<{ attempt: number }[]>`
      UPDATE idempotency_keys SET attempt = attempt + 1, claimed_at = now()
      WHERE id = ${id} AND attempt = ${attempt} AND NOT changed AND status IS NULL
      RETURNING attempt`;
    if (taken) return { kind: 'claimed', request: { id, attempt: taken.attempt } };
    const present = await this.prisma.idempotencyKey.findUnique({ where: { id } });
    return { kind: present?.changed && present.status === null ? 'answer-lost' : 'running' };
  }
}
