/** Settings that are no instance's, as a table: key, default, rule. */
import { REMOTE_NAMES, refuseAddress, remoteOf, withSlash } from '../../core/catalogue/remotes.ts';
import { isInstanceName } from '../../core/names.ts';
import { parseTcp } from '../../core/server-address.ts';
import { hashPassphrase } from '../../host/passphrase.ts';
import type { House } from '../instances/house.ts';
import { NETWORK_WISHES } from '../network/choose.ts';
import { parseFlag } from './parse-flag.ts';
import { AUTO, bufferAsKept, refuseBuffer, TRANSLATION_BUFFER_KEY } from './translation-buffer.ts';

/** Where the daemon listens on TCP: host:port, or empty for nowhere. */
export const ADDRESS_KEY = 'local.address';
export const PASSPHRASE_KEY = 'local.passphrase';

export interface Rule {
  readonly initial: string;
  /** Everybody has his own; of the others there is one for all. */
  readonly personal?: true;
  /** @returns why the value will not do, or undefined */
  readonly refuse: (value: string, house: House) => string | undefined;
  /** As it is kept and shown. */
  readonly asKept?: (value: string) => string | Promise<string>;
  /** What it takes to make it so, before it is kept. */
  readonly apply?: (value: string, house: House) => Promise<void>;
  /** Of what is kept, where that is not for everybody's eyes. */
  readonly show?: (kept: string) => string;
}

const FLAG: Rule = {
  initial: 'true',
  refuse: (value) => (parseFlag(value) === undefined ? 'it must be true or false' : undefined),
  asKept: (value) => String(parseFlag(value)),
};

export const RULES: Readonly<Record<string, Rule>> = {
  'client.primary-name': {
    initial: 'primary',
    personal: true,
    refuse: (value) => (value === '' || isInstanceName(value) ? undefined : 'it must be a valid instance name, or empty to have no primary instance'),
  },
  [ADDRESS_KEY]: {
    initial: '',
    refuse: (value) => (value === '' || parseTcp(value) ? undefined : 'it must be host:port or [ipv6]:port, with 0.0.0.0 or [::] for all of this host\'s, or empty not to listen'),
    apply: async (value, house) => await house.listenAt?.(parseTcp(value)),
  },
  'local.driver': {
    initial: 'qemu',
    refuse: (value, house) => (value === house.driver.name ? undefined : `this host has the driver ${house.driver.name} only`),
  },
  'local.bridged-network': {
    initial: '',
    // As in Multipass: looked at when it is used.
    refuse: () => undefined,
  },
  'local.image.mirror': {
    initial: '',
    refuse: (value) => (value === '' ? undefined : refuseAddress(value)),
    asKept: (value) => (value === '' ? '' : withSlash(value)),
  },
  'local.image.keys': {
    initial: '',
    refuse: (value) => (value === '' || value.startsWith('/') ? undefined : 'it must be the absolute path of a file of OpenPGP keys, or empty for those that Holdfast brings'),
  },
  ...Object.fromEntries(REMOTE_NAMES.map((name): [string, Rule] => [`local.image.remote.${name}`, {
    initial: remoteOf(name).address,
    refuse: (value) => (value === '' ? undefined : refuseAddress(value)),
    asKept: (value) => (value === '' || remoteOf(name).kind === 'manifest' ? value : withSlash(value)),
  }])),
  'local.network': {
    initial: 'auto',
    refuse: (value) => (NETWORK_WISHES.some((known) => known === value) ? undefined : `it must be one of: ${NETWORK_WISHES.join(', ')}`),
  },
  [PASSPHRASE_KEY]: {
    initial: '',
    refuse: () => undefined,
    asKept: (value) => (value === '' ? '' : hashPassphrase(value)),
    show: (kept) => String(kept !== ''),
  },
  'local.privileged-mounts': FLAG,
  'local.templates': FLAG,
  [TRANSLATION_BUFFER_KEY]: { initial: AUTO, refuse: refuseBuffer, asKept: bufferAsKept },
};
