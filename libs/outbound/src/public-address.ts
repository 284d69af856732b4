import { BlockList, isIP } from 'node:net';

/**
 * What is not the public Internet of IPv4: the special-purpose registry (RFC 6890 and its successors), and one address that looks public and is
 * the inside of a cloud.
 */
const REFUSED_IPV4 = [
  '0.0.0.0/8', // this network; 0.0.0.0 reaches the machine itself
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carriers' NAT, and metadata of Alibaba Cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // the platform of Azure, as its machines see it
  '169.254.0.0/16', // link-local, and metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments, and metadata of Oracle's cloud
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
] as const;

/** Of IPv6 only global unicast is public: loopback, ULA, link-local, multicast, IPv4-mapped and NAT64 addresses lie outside of it. */
const GLOBAL_IPV6 = '2000::/3';
const REFUSED_IPV6 = [
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address inside, private ones too
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
] as const;

const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const;

const refused = blockListOf([...REFUSED_IPV4, ...REFUSED_IPV6]);
const globalIpv6 = blockListOf([GLOBAL_IPV6]);
const loopback = blockListOf(LOOPBACK);

/** Whether an address, as a resolver writes it, is on the public Internet. Anything that is not plainly an address is not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // Zones name a link of this machine.
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return !refused.check(address, 'ipv4');
  return globalIpv6.check(address, 'ipv6') && !refused.check(address, 'ipv6');
}

/** Whether it is this machine, in the address's own family: a mapped one is not. */
export function isLoopbackAddress(address: string): boolean {
  if (address.includes('%')) return false;
  if (isIP(address) === 4) return loopback.check(address, 'ipv4');
  return isIP(address) === 6 && !isMapped(address) && loopback.check(address, 'ipv6');
}

/**
 * Ranges as `192.0.2.0/24` or `2001:db8::/32`.
 * @throws RangeError when one is none
 */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    const family = isIP(address);
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
      throw new RangeError(`no range of addresses: ${range}`);
    }
    list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** BlockList checks these against ranges of IPv4. */
function isMapped(address: string): boolean {
  return mapped.check(address, 'ipv6');
}

const mapped = blockListOf(['::ffff:0:0/96']);
