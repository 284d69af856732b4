import pg from 'pg';

/**
 * A connection whose end is told to whoever waits for an answer, and to nobody else. A plain one, lent out by its pool and cut between two
 * queries of a transaction, has no listener for it, which Node takes for a reason to end the process.
 */
export class QuietClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
