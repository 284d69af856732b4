import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { encodeSessionRecord, type SessionState } from '@leasehold/lease';

import { TestBucket } from './test-bucket.js';
import { TestService, type Tenant } from './test-service.js';

const OPERATOR = { email: 'ops@example.com', password: 'operators only' };

/** A service that asks the workers of a bucket for operators, one of whom is logged in, and a tenant with a database. */
export class FleetWorld {
  private constructor(
    private readonly bucket: TestBucket,
    readonly service: TestService,
    /** Token of an operator. */
    readonly operator: string,
    readonly tenant: Tenant,
    /** Its id. */
    readonly database: string,
  ) {}

  /** @param secret between workers and the service @param name of the database */
  static async start(secret: string, name: string): Promise<FleetWorld> {
    const bucket = await TestBucket.start();
    const service = await TestService.start({
      ADMIN_EMAIL: OPERATOR.email,
      ADMIN_PASSWORD: OPERATOR.password,
      LEASEHOLD_OPERATOR_SECRET: secret,
      ...bucket.env,
    });
    const operator = String((await service.call('POST', '/v1/login', { json: OPERATOR })).body['token']);
    const tenant = await service.signUp();
    const { body } = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name } });
    return new FleetWorld(bucket, service, operator, tenant, String(body['id']));
  }

  /** As a worker puts its session into the bucket. */
  async putSession(session: SessionId, state: SessionState, endpoint: string): Promise<void> {
    const record = { sessionId: session, state, endpoint, pid: 7, host: 'w', ttlMs: 60_000, floor: 3, rollups: [] };
    const trail = { edits: 1, nonces: ['0'.repeat(32)] };
    await this.bucket.store.put(bucketLayout.session(session), encodeSessionRecord({ ...record, trail }), 'create');
  }

  /** What operators are answered. */
  ask(path: string) {
    return this.service.call('GET', `/v1/admin${path}`, { token: this.operator });
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.bucket.close();
  }
}
