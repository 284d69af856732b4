import { isIP } from 'node:net';

import { parseUrl } from '@leasehold/foundation';

import { TargetRefusedError } from './outbound-errors.js';
import { blockListOf, isLoopbackAddress, isPublicAddress } from './public-address.js';

export const MAX_TARGET_CHARS = 2_048;
/** Where TLS is spoken for the public. */
const DEFAULT_PORTS: readonly number[] = [443, 8443];
const PORT_OF = { 'https:': 443, 'http:': 80 } as const;
/** Names that only a network's own resolver knows, or that mean the machine itself. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'onion', 'test', 'invalid'];
/** A name of the public DNS: two labels at least, letters in the last one. */
const PUBLIC_NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

export interface TargetPolicy {
  /** Also plain http and any port, to loopback alone: for work on one machine. */
  readonly allowLocal?: boolean;
  /** Public ranges that are the operator's own, and no tenant's business: `198.51.100.0/24`. */
  readonly alsoRefused?: readonly string[];
  /** Of https; default 443 and 8443. */
  readonly ports?: readonly number[];
}

/** Where a call goes, its form checked. Its addresses are not known yet. */
export interface Target {
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Decides by a policy what may be called; pure. */
export class TargetRules {
  private readonly allowLocal: boolean;
  private readonly ports: readonly number[];
  private readonly own;

  /** @throws RangeError when a range is none */
  constructor(policy: TargetPolicy = {}) {
    this.allowLocal = policy.allowLocal ?? false;
    this.ports = policy.ports ?? DEFAULT_PORTS;
    this.own = blockListOf(policy.alsoRefused ?? []);
  }

  /**
   * Reads a URL as it was given. Addresses in it are judged here, in whatever spelling they come; names when they are resolved.
   *
   * @throws TargetRefusedError
   */
  parse(text: string): Target {
    if (text.length > MAX_TARGET_CHARS) refuse(`the URL has more than ${MAX_TARGET_CHARS} characters`);
    // The parser drops these silently, so that two readers could see two targets.
    if (/[\s\\]|\p{Cc}/u.test(text)) refuse('the URL has blanks, control characters or backslashes');
    const url = parseUrl(text) ?? refuse('this is no URL');
    const { protocol } = url;
    if (protocol !== 'https:' && !(this.allowLocal && protocol === 'http:'))
      refuse('the URL has to begin with https://');
    if (url.username !== '' || url.password !== '') refuse('the URL must not hold a user or password');
    const port = url.port === '' ? PORT_OF[protocol as keyof typeof PORT_OF] : Number(url.port);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) this.checkAddress(host, protocol);
    else this.checkName(host, protocol);
    if (!this.ports.includes(port) && !(this.allowLocal && mayBeLocal(host))) {
      refuse(`the port has to be one of ${this.ports.join(', ')}`);
    }
    return { url, host, port };
  }

  /** @throws TargetRefusedError unless every one may be connected to: which one a connection takes is not ours to say */
  checkAddresses(addresses: readonly string[], target: Target): void {
    for (const address of addresses) this.checkAddress(address, target.url.protocol, target.port);
  }

  private checkAddress(address: string, protocol: string, port?: number): void {
    if (this.allowLocal && isLoopbackAddress(address)) return;
    if (protocol !== 'https:' || (port !== undefined && !this.ports.includes(port))) {
      refuse('plain http and other ports are for loopback alone');
    }
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (!isPublicAddress(address) || this.own.check(address, family))
      refuse('the target has an address that is not public');
  }

  private checkName(name: string, protocol: string): void {
    if (this.allowLocal && mayBeLocal(name)) return;
    if (protocol !== 'https:') refuse('plain http is for loopback alone');
    if (!PUBLIC_NAME.test(name)) refuse('the host has to be a name of the public DNS');
    if (PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))) {
      refuse('the host is no name of the public DNS');
    }
  }
}

/** Worth asking the resolver, which decides. */
export function mayBeLocal(host: string): boolean {
  return isIP(host) === 0 ? host === 'localhost' || /\.(localhost|test)$/.test(host) : isLoopbackAddress(host);
}

function refuse(why: string): never {
  throw new TargetRefusedError(why);
}
