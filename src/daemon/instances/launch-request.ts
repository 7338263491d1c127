/** Decides whether a launch can be done at all, before anything is made. */
import type { WireLaunch } from '../../api/schemas.ts';
import { requireArchitecture } from '../../core/architecture.ts';
import { isWebAddress } from '../../core/catalogue/web-address.ts';
import { parseChecksum } from '../../core/checksum.ts';
import { checkUserData, type UserDataFinding, withHeader } from '../../core/cloudinit/check.ts';
import { fail } from '../../core/errors.ts';
import { requireInstanceName } from '../../core/names.ts';
import { requireFixed } from '../../core/network/fixed-address.ts';
import { BRIDGED, type NetworkWish } from '../../core/network/network-option.ts';
import { requireSize } from '../../core/sizes.ts';
import { unpackUserData } from '../../host/unpack-user-data.ts';
import { checkWishes, requireRoom, type CardWish } from '../network/extra-cards.ts';
import { zoneFor } from '../zones/zone-for.ts';
import type { ChosenImage } from '../images/service.ts';
import type { House } from './house.ts';
import { petName } from './identity.ts';

export interface CheckedLaunch {
  readonly name: string;
  readonly image: ChosenImage;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly userData: Uint8Array | undefined;
  readonly timezone: string;
  readonly zone: string;
  /** It has a card on what local.bridged-network says. */
  readonly bridged: boolean;
  readonly cards: readonly CardWish[];
  readonly cold: boolean;
  /** For each stage; undefined where nobody said. */
  readonly timeoutSeconds: number | undefined;
  readonly warnings: readonly string[];
}

/** @throws bad-argument, bad-name, bad-size, bad-cloud-init, consent-needed, instance-exists, image-not-found, and what a network is refused with */
export async function checkLaunch(house: House, request: WireLaunch): Promise<CheckedLaunch> {
  const names = new Set(house.registry.everybodys.map(({ name }) => name));
  const name = requireInstanceName(request.name ?? petName(names));
  requireFreeName(house, name);
  const given = request.cloudInit === undefined ? undefined : new Uint8Array(Buffer.from(request.cloudInit, 'base64'));
  const { userData, warnings } = given ? requireUserData(given) : { userData: undefined, warnings: [] };
  const zone = zoneFor(house.zones, request.zone);
  const cards = await checkWishes(house, { zone }, (request.networks ?? []).map(wishOf), request.makeBridge);
  requireRoom(cards, house.registry.everybodys.map(({ record }) => record.instance));
  return {
    name,
    cpus: request.cpus ?? 1,
    memoryBytes: requireSize('memory', request.memory ?? '1G'),
    diskBytes: requireSize('disk', request.disk ?? '5G'),
    zone,
    image: await checkImage(house, request),
    userData,
    timezone: request.timezone ?? 'Etc/UTC',
    cards,
    bridged: (request.networks ?? []).some(({ name: network }) => network === BRIDGED),
    cold: request.cold ?? false,
    timeoutSeconds: request.timeoutSeconds,
    warnings,
  };
}

/** Of an instance that is not the caller's, no more is told than that. @throws instance-exists */
export function requireFreeName({ registry }: House, name: string): void {
  if (registry.find(name)) throw fail('instance-exists', `instance "${name}" already exists`, { hint: `choose another name, or see: holdfast info ${name}` });
  if (registry.everybodys.some((each) => each.name === name)) throw fail('instance-exists', `the name "${name}" is taken by another user's instance`, { hint: 'choose another name; for a primary instance of your own: holdfast set client.primary-name=<name>' });
}

/** What has a name is looked up at once, so that a wrong one is told at once. */
async function checkImage({ images }: House, { image, checksum, architecture }: WireLaunch): Promise<CheckedLaunch['image']> {
  const wanted = architecture === undefined ? undefined : requireArchitecture(architecture);
  const sum = checksum === undefined ? undefined : parseChecksum(checksum);
  if (image !== undefined && isWebAddress(image)) return (task) => images.fetch({ url: image, checksum: sum }, wanted, task);
  if (sum !== undefined) throw fail('bad-argument', 'a checksum belongs to an image that is downloaded', { hint: 'leave --checksum out' });
  return await images.choose(image, wanted);
}

function wishOf({ name, mode, mac, ip, gateway, dns = [] }: NonNullable<WireLaunch['networks']>[number]): NetworkWish {
  if (ip !== undefined && mode === 'manual') throw fail('bad-argument', 'a card with an address cannot be left to the guest (manual)');
  return { name, mode, ...(mac === undefined ? {} : { mac }), ...(ip === undefined ? {} : { fixed: requireFixed(ip, gateway, dns) }) };
}

/** @returns the data as the guest is to have it: where it is a configuration without its first line, with that */
function requireUserData(given: Uint8Array): { readonly userData: Uint8Array; readonly warnings: readonly string[] } {
  const plain = unpackUserData(given);
  const { errors, warnings, lacksHeader } = checkUserData(plain);
  const [first] = errors;
  if (first) {
    throw fail('bad-cloud-init', `Could not load cloud-init configuration: ${placed(first)}`, {
      hint: 'correct the file; nothing was created',
    });
  }
  return { userData: lacksHeader ? withHeader(plain) : given, warnings: warnings.map((warning) => `cloud-init data: ${placed(warning)}`) };
}

/** What concerns the whole has no line. */
function placed({ message, line, column }: UserDataFinding): string {
  return line === 0 ? message : `line ${line}, column ${column}: ${message}`;
}
