import { isIPv6 } from 'node:net'

/**
 * By what an address is counted. Of IPv6 that is the first half: a household, and so an attacker, has 2⁶⁴ addresses with the same
 * one.
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address
  const [plain = ''] = address.split('%')
  const [before = '', after] = plain.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length
  const groups = [...head, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...tail]
  return `${groups
    .slice(0, 4)
    .map((group) => (Number.parseInt(group, 16) || 0).toString(16))
    .join(':')}::/64`
}
