import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlResultSet,
  Transaction,
} from '@prisma/driver-adapter-utils';

import { presentAuthor, type Author } from './author.js';
import { markChanged, presentKeyedRequest } from './keyed-request.js';

/** Everything else may change something. */
const READ = /^\s*(?:SELECT|SHOW)\b/i;

/**
 * Tells Postgres in each transaction who makes it, where the triggers of the audit log read it, and for which idempotency key. Below Prisma, because here everything comes
 * through: repositories, raw statements, better-auth. A change outside a transaction is given one of its own, for three more round trips; what
 * is no request's (gateways, jobs) has no author, and goes as it is.
 */
export function authored(factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => new AuthoredAdapter(await factory.connect()),
  };
}

class AuthoredAdapter implements SqlDriverAdapter {
  readonly provider;
  readonly adapterName;

  constructor(private readonly inner: SqlDriverAdapter) {
    this.provider = inner.provider;
    this.adapterName = inner.adapterName;
  }

  queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    if (READ.test(query.sql)) return this.inner.queryRaw(query);
    return this.change((on) => on.queryRaw(query));
  }

  executeRaw(query: SqlQuery): Promise<number> {
    return this.change((on) => on.executeRaw(query));
  }

  executeScript(script: string): Promise<void> {
    return this.inner.executeScript(script);
  }

  async startTransaction(...options: Parameters<SqlDriverAdapter['startTransaction']>): Promise<Transaction> {
    const author = presentAuthor();
    const transaction = await this.inner.startTransaction(...options);
    if (author !== undefined) await orRolledBack(transaction, () => sign(transaction, author));
    const keyed = presentKeyedRequest();
    if (keyed !== undefined) await orRolledBack(transaction, () => markChanged(transaction, keyed));
    return transaction;
  }

  getConnectionInfo() {
    return this.inner.getConnectionInfo?.() ?? { supportsRelationJoins: false };
  }

  dispose(): Promise<void> {
    return this.inner.dispose();
  }

  private async change<T>(work: (on: Pick<Transaction, 'queryRaw' | 'executeRaw'>) => Promise<T>): Promise<T> {
    if (presentAuthor() === undefined && presentKeyedRequest() === undefined) return work(this.inner);
    const transaction = await this.startTransaction();
    const result = await orRolledBack(transaction, async () => {
      const done = await work(transaction);
      await transaction.executeRaw(plain('COMMIT'));
      return done;
    });
    await transaction.commit();
    return result;
  }
}

async function sign(transaction: Transaction, author: Author): Promise<void> {
  await transaction.queryRaw({
    sql: `SELECT set_config('leasehold.author', $1, true)`,
    args: [JSON.stringify(author)],
    argTypes: [{ scalarType: 'string', arity: 'scalar' }],
  });
}

async function orRolledBack<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Over a connection that broke nothing can be said, and nothing needs to be.
    await transaction.executeRaw(plain('ROLLBACK')).catch(() => 0);
    await transaction.rollback().catch(() => undefined);
    throw error;
  }
}

function plain(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] };
}
