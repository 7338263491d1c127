/** What is tried before a change is kept: `ping:ADDRESS` and `tcp:ADDRESS:PORT` from the guest, with `host:` before it from the host. */
import { fail } from '../errors.ts';
import { parseIp } from '../netplan/address.ts';

export interface Probe {
  readonly from: 'guest' | 'host';
  readonly kind: 'ping' | 'tcp';
  readonly address: string;
  /** Of tcp. */
  readonly port: number | null;
  /** As it was asked for. */
  readonly text: string;
}

const HINT = 'write it as: ping:<address>, tcp:<address>:<port>, host:ping:<address> or host:tcp:<address>:<port>';

/** @throws bad-argument */
export function parseProbe(text: string): Probe {
  const from = text.startsWith('host:') ? 'host' : 'guest';
  const rest = from === 'host' ? text.slice('host:'.length) : text;
  const found = /^(?:(ping):(.+)|(tcp):(.+):(\d{1,5}))$/.exec(rest);
  const address = (found?.[2] ?? found?.[4] ?? '').replace(/^\[(.*)\]$/, '$1');
  if (!found || parseIp(address) === undefined) throw fail('bad-argument', `'${text.slice(0, 100)}' is no probe`, { hint: HINT });
  const port = found[5] === undefined ? null : Number(found[5]);
  if (port !== null && (port < 1 || port > 65_535)) throw fail('bad-argument', `'${text.slice(0, 100)}' is no probe: ports are 1 to 65535`, { hint: HINT });
  return { from, kind: found[1] === undefined ? 'tcp' : 'ping', address, port, text };
}
