import { isIPv6 } from 'node:net';

const GROUPS = 8;
/** Whoever has one address of IPv6 has all of such a network: 64 bits. */
const NETWORK_GROUPS = 4;
/** `::ffff:0:0/96`: IPv4 as a socket of both families writes it. */
const MAPPED = '0:0:0:0:0:ffff';

/** Whom an address is taken for where attempts are counted: itself, and in IPv6 the network that one customer has. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const groups = groupsOf(plain);
  if (groups.slice(0, 6).join(':') === MAPPED) {
    return groups
      .slice(6)
      .flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff])
      .join('.');
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** All eight, in hex without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')));
  return [...head, ...Array<string>(GROUPS - head.length - tail.length).fill('0'), ...tail];
}
