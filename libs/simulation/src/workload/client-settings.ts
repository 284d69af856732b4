import type { VirtualWorld } from '../world/virtual-world.js';
import type { Addends } from './addends.js';
import type { Service } from './service.js';

export interface ClientParts {
  readonly world: VirtualWorld;
  readonly service: Service;
  /** Of all clients together. */
  readonly addends: Addends;
}

export interface ClientSettings {
  /** Calls until it is done. */
  readonly calls: number;
  /** Between two calls, at most; ms. */
  readonly thinkMs: number;
  readonly databases: number;
  /** Registers of each database. */
  readonly registers: number;
  /** Of the values, how many are large, and how large: some databases outgrow their heads. */
  readonly largeShare: number;
  readonly largeBytes: number;
  /** Of the calls, how many go to the first database, so that clients get into each other's way. */
  readonly hotShare: number;
}
