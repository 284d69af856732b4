import { describe, expect, it } from '@jest/globals';

import { blockListOf, isLoopbackAddress, isPublicAddress } from './public-address.js';

describe('public addresses', () => {
  it.each(['1.1.1.1', '8.8.8.8', '99.255.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.1', '223.255.255.255'])(
    'takes %s for public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each(['2606:4700:4700::1111', '2a00:1450:4001::200e', '2400:cb00::1', '2001:4860:4860::8888'])(
    'takes %s for public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.255.255.255'],
    ['carriers', '100.64.0.1'],
    ['metadata in the range of carriers', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['the inside of Azure', '168.63.129.16'],
    ['link-local and metadata', '169.254.169.254'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['metadata of Oracle', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['6to4 relays', '192.88.99.1'],
    ['private', '192.168.1.1'],
    ['benchmarks', '198.19.255.255'],
    ['documentation', '198.51.100.7'],
    ['documentation', '203.0.113.7'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['loopback, written out', '0:0:0:0:0:0:0:1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped in hex', '::ffff:7f00:1'],
    ['IPv4-mapped, of a public one', '::ffff:8.8.8.8'],
    ['IPv4-translated', '::ffff:0:10.0.0.1'],
    ['NAT64', '64:ff9b::10.0.0.1'],
    ['NAT64, of a public one', '64:ff9b::8.8.8.8'],
    ['NAT64 of a local network', '64:ff9b:1::a00:1'],
    ['discard', '100::1'],
    ['Teredo', '2001::1'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['6to4 around a private one', '2002:a00:1::1'],
    ['documentation', '3fff::1'],
    ['segment routing', '5f00::1'],
    ['unique local', 'fc00::1'],
    ['metadata of AWS', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['public with a zone', '2606:4700::1%lo'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', ''],
    ['a name', 'localhost'],
    ['a decimal number', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hex', '0x7f000001'],
    ['too short', '127.1'],
    ['bracketed', '[::1]'],
  ])('refuses %s: %s', (_what, address) => expect(isPublicAddress(address)).toBe(false));

  it('tells loopback from what is only mapped to it', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map(isLoopbackAddress)).toEqual([true, true, true]);
    expect(['::ffff:127.0.0.1', '10.0.0.1', 'localhost', '::1%lo'].map(isLoopbackAddress)).toEqual(
      Array(4).fill(false),
    );
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/x', 'example.com/8', '::/129', '10.0.0.0/-1'])(
    'refuses %s as a range',
    (range) => expect(() => blockListOf([range])).toThrow(RangeError),
  );
});
