import { randomBytes } from 'node:crypto';

import { ConflictError } from '@leasehold/client';

import { hashPassword, isPasswordOf } from './passwords.js';
import { Refusal } from './refusal.js';

/**
 * One entry of the registry. `opening`: the name is taken and the name of the database is drawn, but the database may not be there yet.
 * @typedef {{ name: string, database: string, passwordHash: string, state: 'opening' | 'open' }} Customer
 * @typedef {{ key: import('@leasehold/client').Key, value: Customer, version: string }} CustomerEntry
 */

const MAX_PASSWORD_LENGTH = 200;
const MIN_PASSWORD_LENGTH = 8;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} .&'-]{0,39}$/u;

/** Below this prefix of a customer's database lie the notes: all that pages may see of it. */
export const NOTES = Object.freeze(['notes']);

/**
 * Who the customers are, and which database is whose. It is kept in a database of Leasehold too.
 *
 * Signing up is three steps, each of which can be repeated, so a server may die between any two of them:
 *
 *   1. take the name   put, only if there is no such key: of two who want a name one gets it. The name of the database is drawn before, and
 *                      recorded here, so that whoever goes on with this sign-up creates the same database and never a second one
 *   2. open            create the database (that it exists already is fine: nobody else draws its name) and put the first things into it
 *   3. record it       `open`, only over the version of step 1
 *
 * What stopped after step 1 is finished when the customer comes back, and by `finishAll` when a server starts.
 */
export class Customers {
  /**
   * @param {import('./leasehold.js').Leasehold} leasehold
   * @param {import('@leasehold/client').Database} registry
   * @param {(customer: string) => import('@leasehold/client').ConnectOptions['onResponse']} counting told what work for a customer costs
   */
  constructor(leasehold, registry, counting) {
    this.leasehold = leasehold;
    this.counting = counting;
    /** @type {import('@leasehold/client').Collection<Customer>} */
    this.entries = registry.collection({ prefix: ['customers'] });
  }

  /** @param {unknown} name @param {unknown} password @returns {Promise<Customer>} @throws {Refusal} */
  async signUp(name, password) {
    const called = checkName(name);
    const customer = {
      name: called,
      database: `notes-${randomBytes(8).toString('hex')}`,
      passwordHash: await hashPassword(checkPassword(password)),
      state: /** @type {const} */ ('opening'),
    };
    try {
      const { version } = await this.entries.put(keyOf(called), customer, { ifVersion: null });
      return await this.finish({ key: [keyOf(called)], value: customer, version });
    } catch (error) {
      if (error instanceof ConflictError) throw new Refusal(409, 'this name is taken');
      throw error;
    }
  }

  /** @param {unknown} name @param {unknown} password @returns {Promise<Customer>} @throws {Refusal} */
  async signIn(name, password) {
    const entry = await this.entries.get(keyOf(checkName(name)));
    // As much work for a name that does not exist, so that the time does not tell.
    const isRight = await isPasswordOf(checkPassword(password), entry?.value.passwordHash);
    if (entry === undefined || !isRight)
      throw new Refusal(401, 'there is no such customer, or the password is another');
    return this.finish(entry);
  }

  /** @param {string} name @returns {Promise<Customer>} @throws {Refusal} */
  async find(name) {
    const entry = await this.entries.get(keyOf(name));
    if (entry === undefined) throw new Refusal(401, 'sign in first');
    return this.finish(entry);
  }

  /** Of a customer, with what it costs put down to them. @param {Customer} customer */
  databaseOf({ name, database }) {
    return this.leasehold.database(database, { onResponse: this.counting(name) });
  }

  /** Sign-ups that were cut off. @returns how many there were */
  async finishAll() {
    let finished = 0;
    for await (const entry of this.entries.list()) {
      if (entry.value.state === 'open') continue;
      await this.finish(entry);
      finished += 1;
    }
    return finished;
  }

  /**
   * Steps 2 and 3, from wherever they stand.
   * @private @param {CustomerEntry} entry @returns {Promise<Customer>}
   */
  async finish({ key, value: customer, version }) {
    if (customer.state === 'open') return customer;
    await this.leasehold.ensureDatabase(customer.database, customer.name);
    const database = this.databaseOf(customer);
    // With fixed keys: putting them twice is putting them once.
    await database.transact((tx) => {
      tx.put(['account'], { name: customer.name });
      tx.put([...NOTES, 0, 'welcome'], { text: `Welcome, ${customer.name}. This note is in a database of your own.` });
    });
    const open = { ...customer, state: /** @type {const} */ ('open') };
    try {
      await this.entries.put(key, open, { ifVersion: version });
    } catch (error) {
      // Somebody else has finished it meanwhile.
      if (!(error instanceof ConflictError)) throw error;
    }
    return open;
  }
}

/** @param {unknown} name @returns {string} */
function checkName(name) {
  const trimmed = typeof name === 'string' ? name.trim().normalize('NFC') : '';
  if (NAME.test(trimmed)) return trimmed;
  throw new Refusal(400, 'a name has 1 to 40 letters, digits, spaces and . & - and begins with a letter or a digit');
}

/** @param {unknown} password @returns {string} */
function checkPassword(password) {
  const length = typeof password === 'string' ? password.length : 0;
  if (length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return /** @type {string} */ (password);
  throw new Refusal(400, `a password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`);
}

/** Names that differ in case alone are the same. @param {string} name */
function keyOf(name) {
  return name.toLowerCase();
}
