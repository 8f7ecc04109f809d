import { describe, expect, test } from 'vitest'
import { ProxyTrust } from './proxy-trust.ts'

describe('the address of a client', () => {
  test.each([
    ['nobody is trusted', 0, '10.0.0.9', '6.6.6.6', '10.0.0.9'],
    ['one proxy', 1, '10.0.0.9', '1.2.3.4', '1.2.3.4'],
    ['one proxy, and what the client had claimed before it', 1, '10.0.0.9', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['two proxies', 2, '10.0.0.9', '6.6.6.6, 1.2.3.4, 10.0.0.8', '1.2.3.4'],
    ['two proxies of which one was left out', 2, '10.0.0.9', '1.2.3.4', '1.2.3.4'],
    ['one proxy that says nothing', 1, '10.0.0.9', undefined, '10.0.0.9'],
    ['one proxy that says rubbish', 1, '10.0.0.9', 'unknown', '10.0.0.9'],
    ['rubbish before what was said', 2, '10.0.0.9', '1.2.3.4, <script>, 10.0.0.8', '10.0.0.8'],
    ['with a port', 1, '10.0.0.9', '1.2.3.4:5678', '1.2.3.4'],
    ['IPv6, with a port', 1, '10.0.0.9', '[2001:db8::1]:5678', '2001:db8::1'],
    ['IPv6', 1, '10.0.0.9', '2001:db8::1', '2001:db8::1'],
    ['a mapped one', 1, '10.0.0.9', '::ffff:1.2.3.4', '1.2.3.4'],
  ])('%s', (_name, hops, peer, forwarded, client) => {
    expect(new ProxyTrust(hops).clientOf(peer, forwarded)).toBe(client)
  })

  test.each([
    ['a trusted proxy', '10.1.2.3', '1.2.3.4', '1.2.3.4'],
    ['a chain of them', '10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9, 2001:db8::7', '1.2.3.4'],
    ['somebody else who claims to be one', '11.1.2.3', '1.2.3.4', '11.1.2.3'],
    ['one who is connected by IPv6', '2001:db8::7', '1.2.3.4', '1.2.3.4'],
    ['all of the chain are proxies', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ])('by addresses: %s', (_name, peer, forwarded, client) => {
    expect(new ProxyTrust(['10.0.0.0/8', '2001:db8::/32']).clientOf(peer, forwarded)).toBe(client)
  })

  test('the host that a proxy was asked for is believed of those who are trusted', () => {
    expect(new ProxyTrust(0).trusts('10.0.0.1')).toBe(false)
    expect(new ProxyTrust(1).trusts('10.0.0.1')).toBe(true)
    expect(new ProxyTrust(['10.0.0.1']).trusts('10.0.0.1')).toBe(true)
    expect(new ProxyTrust(['10.0.0.1']).trusts('10.0.0.2')).toBe(false)
    expect(new ProxyTrust([]).any).toBe(false)
  })
})

test.each([[-1], [1.5], [NaN]])('refuses %j proxies', (hops) => {
  expect(() => new ProxyTrust(hops)).toThrow('trustProxy is a number of proxies')
})

test.each(['10.0.0.0/33', '10.0.0.0/', 'loopback', '', '2001:db8::/129', '10.0.0.1/8/8x'])('refuses %j', (address) => {
  expect(() => new ProxyTrust([address])).toThrow(`'${address}' in the server's trustProxy is no address`)
})
