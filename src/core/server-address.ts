/** Where a daemon listens, as people write it: `unix:/path/to/socket`, or `host:port`. */
import { fail } from './errors.ts';

export interface TcpAddress {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  /** 1..65535 */
  readonly port: number;
}

export type ServerAddress = { readonly unix: string } | TcpAddress;

const TCP = /^(?:\[(?<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?<host>[A-Za-z0-9._-]{1,253})):(?<port>\d{1,5})$/;

/** @throws bad-argument */
export function parseAddress(text: string): ServerAddress {
  const unix = /^unix:(\/.+)$/s.exec(text)?.[1];
  if (unix !== undefined) return { unix };
  const tcp = parseTcp(text);
  if (tcp) return tcp;
  throw fail('bad-argument', `invalid server address: ${text.slice(0, 200)}`, { hint: 'write it as host:port, [ipv6]:port or unix:/path/to/socket' });
}

export function parseTcp(text: string): TcpAddress | undefined {
  const { six, host, port } = TCP.exec(text)?.groups ?? {};
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { host: six ?? host ?? '', port: number } : undefined;
}

/** As it is read again. */
export function showTcp({ host, port }: TcpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
