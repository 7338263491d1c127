/** Netplan files that Holdfast writes into guests, each for one purpose and found again by its name. */
import { stringify } from 'yaml';
import { networkConfig, type SeedCard } from '../cloudinit/network-config.ts';

const ETC = '/etc/netplan/';
/** As cloud-init writes it at launch. */
export const LAUNCH_FILE = `${ETC}50-cloud-init.yaml`;
export const PIN_FILE = `${ETC}70-holdfast-pin.yaml`;

export function staticFile(mac: string): string {
  return `${ETC}70-holdfast-static-${mac.replaceAll(':', '')}.yaml`;
}

/** Of a card that the seed does not configure, by guest/cards.ts. */
export function cardId(mac: string): string {
  return `holdfast-${mac.replaceAll(':', '')}`;
}

/** Quoted, as in the seed: cloud-init and netplan read YAML 1.1, where much is a number that looks like none. */
const STYLE = { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const;

/** A file with one card in it. @param why  the comment at its top, where there is one */
export function cardFile(id: string, definition: Readonly<Record<string, unknown>>, why?: string): string {
  return `${why === undefined ? '' : `# ${why}\n`}${stringify({ network: { version: 2, ethernets: { [id]: definition } } }, STYLE)}`;
}

/** What cloud-init makes of the seed's network configuration. */
export function launchConfiguration(mac: string, extras: readonly SeedCard[]): string {
  return stringify({ network: networkConfig(mac, extras) }, STYLE);
}

/** Hides a file that cannot be taken away. */
export const NOTHING = 'network: {version: 2}\n';
