import { mintApiKey } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import type { BudgetSubject } from '@leasehold/metadata';

import { signedToken } from '../../auth/session-token.js';
import { drawInvitationToken, hashInvitationToken } from '../../organizations/invitation-token.js';
import { makeInvoice } from '../make-invoice.js';
import { TEST_AUTH_SECRET, type TestService } from '../test-service.js';
import { COLUMNS, type Column } from './access-table.js';

const ROLES = ['owner', 'admin', 'developer', 'finance', 'viewer'] as const;
const SESSION_MS = 3_600_000;
const ids = new UlidSource(systemClock, systemRandom);

/** Somebody with a session, or an API key. */
export interface AccessCaller {
  readonly column: Column;
  /** Undefined: of nobody. */
  readonly token: string | undefined;
  readonly email: string;
  /** Of people. */
  readonly userId: string | undefined;
}

/** Callers of every kind, made straight in the tables: one organization, an operator and a foreign owner. */
export class AccessWorld {
  private invoices = 0;

  private constructor(
    readonly service: TestService,
    /** Whose objects all callers name. */
    readonly organizationId: string,
    readonly callers: ReadonlyMap<Column, AccessCaller>,
  ) {}

  static async make(service: TestService): Promise<AccessWorld> {
    const callers = new Map<Column, AccessCaller>();
    const organizationId = await makeOrganization(service);
    const world = new AccessWorld(service, organizationId, callers);
    for (const column of COLUMNS) callers.set(column, await world.makeCaller(column));
    return world;
  }

  caller(column: Column): AccessCaller {
    const found = this.callers.get(column);
    if (!found) throw new Error(`there is no caller ${column}`);
    return found;
  }

  /** Another one of the organization. */
  async makeMember(role: string): Promise<{ readonly memberId: string }> {
    const { userId } = await this.makePerson('viewer', this.organizationId);
    return { memberId: await addMember(this.service, this.organizationId, userId, role) };
  }

  async makeSession(userId: string): Promise<string> {
    const id = ids.next();
    await this.service.metadata.prisma.session.create({
      data: { id, userId, token: `session-${id}`, expiresAt: new Date(systemClock.now() + SESSION_MS) },
    });
    return id;
  }

  /** Another one, with nobody in it. */
  makeOrganization(): Promise<string> {
    return makeOrganization(this.service);
  }

  async makeDatabase(): Promise<{ readonly id: string; readonly name: string }> {
    return this.service.metadata.databases.create(this.organizationId, `db-${ids.next()}`, {});
  }

  /** Disabled, so that nothing is sent; the organization's only one. */
  async makeWebhook(): Promise<{ readonly id: string; readonly deliveryId: string }> {
    const { organizationId } = this;
    const { deliveries, prisma, webhooks } = this.service.metadata;
    await prisma.webhook.deleteMany({ where: { organizationId } });
    const id = ids.next();
    const settings = { url: 'https://hooks.example.com/', description: '', events: [], enabled: false };
    await webhooks.create(organizationId, id, settings);
    return { id, deliveryId: await deliveries.add(id, `msg_${id}`, 'webhook.test', '{}') };
  }

  /** @returns its name */
  async makeIdentityProvider(): Promise<string> {
    const id = ids.next();
    await this.service.metadata.identityProviders.put(this.organizationId, `idp-${id}`, id, {
      ...{ issuer: 'https://idp.example.com/', audience: 'a', jwksUrl: 'https://idp.example.com/keys' },
      ...{ databaseTemplate: 'customer-{org}', prefixTemplate: null, scopes: ['data:read'] },
    });
    return `idp-${id}`;
  }

  async makeOperation(): Promise<string> {
    const { operations, prisma } = this.service.metadata;
    const { id } = await operations.deleteDatabases(this.organizationId, { search: 'of-nobody-' });
    // Ended, so that there are never too many.
    await prisma.operation.update({ where: { id }, data: { state: 'succeeded', endedAt: new Date(0) } });
    return id;
  }

  /** Without prices. @returns its id */
  async makePlan(): Promise<string> {
    const id = `plan-${ids.next()}`;
    await this.service.metadata.plans.put(id, 'A plan', {});
    return id;
  }

  /** Of the organization, or of something of it. */
  async makeBudget(subject: BudgetSubject): Promise<void> {
    const settings = { currency: null, amount: 1n, alertPercents: [], hardStop: false };
    const measure = { allowance: 1n, weights: { readUnits: 1n, writeUnits: 1n, egressBytes: 0n } };
    const nothing = { recorded: 0n, stored: 0n, isExact: true, completeTo: undefined };
    await this.service.metadata.budgets.put(this.organizationId, subject, settings, measure, 202611, nothing);
  }

  /** Issued for a month of long ago, with one line and one part of it. @returns its id */
  async makeInvoice(): Promise<string> {
    return makeInvoice(this.service, this.organizationId, (this.invoices += 1));
  }

  async makeKey(scopes: readonly string[]): Promise<{ readonly id: string; readonly key: string }> {
    const { key, ...minted } = mintApiKey(ids, systemRandom);
    const stored = { ...minted, name: 'a key', scopes, expiresAt: undefined };
    const { id } = await this.service.metadata.apiKeys.create(this.organizationId, stored);
    return { id, key };
  }

  /** Of this organization, or of a new one. */
  async makeInvitation(email: string, elsewhere = false): Promise<{ readonly id: string; readonly token: string }> {
    const token = drawInvitationToken(systemRandom);
    const organizationId = elsewhere ? await makeOrganization(this.service) : this.organizationId;
    const id = ids.next();
    await this.service.metadata.prisma.invitation.create({
      data: {
        id,
        organizationId,
        email,
        role: 'viewer',
        tokenHash: hashInvitationToken(token),
        expiresAt: new Date(systemClock.now() + SESSION_MS),
        inviterId: this.caller('owner').userId ?? '',
      },
    });
    return { id, token };
  }

  newEmail(): string {
    return `${ids.next()}@example.com`;
  }

  private async makeCaller(column: Column): Promise<AccessCaller> {
    if (column === 'nobody') return { column, token: undefined, email: this.newEmail(), userId: undefined };
    if (column === 'operator' || column === 'foreign') {
      const organizationId = await makeOrganization(this.service);
      const person = await this.makePerson(column, organizationId);
      await addMember(this.service, organizationId, person.userId, 'owner');
      return person;
    }
    const role = ROLES.find((known) => known === column);
    if (role === undefined) {
      return { column, token: (await this.makeKey([column])).key, email: this.newEmail(), userId: undefined };
    }
    const person = await this.makePerson(column, this.organizationId);
    await addMember(this.service, this.organizationId, person.userId, role);
    return person;
  }

  private async makePerson(
    column: Column,
    organizationId: string,
  ): Promise<AccessCaller & { readonly userId: string }> {
    const { prisma } = this.service.metadata;
    const [userId, stored, email] = [ids.next(), `session-${ids.next()}`, this.newEmail()];
    const role = column === 'operator' ? 'admin' : 'user';
    await prisma.user.create({ data: { id: userId, name: column, email, emailVerified: true, role } });
    await prisma.session.create({
      data: {
        id: ids.next(),
        userId,
        token: stored,
        activeOrganizationId: organizationId,
        expiresAt: new Date(systemClock.now() + SESSION_MS),
      },
    });
    return { column, token: signedToken(stored, TEST_AUTH_SECRET), email, userId };
  }
}

async function makeOrganization(service: TestService): Promise<string> {
  const id = ids.next();
  await service.metadata.prisma.organization.create({ data: { id, name: 'Some Inc.', slug: `some-${id}` } });
  return id;
}

async function addMember(service: TestService, organizationId: string, userId: string, role: string): Promise<string> {
  const id = ids.next();
  await service.metadata.prisma.member.create({ data: { id, organizationId, userId, role } });
  return id;
}
