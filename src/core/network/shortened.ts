/** An IPv6 address as the kernel, and so a guest, writes it (RFC 5952). */
import { parseIp, showIp } from '../netplan/address.ts';

export function shortened(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? address : showIp(ip);
}
