/** The default interface back to what it was launched with, whatever the files say. */
import type { Instance } from '../../../core/instance.ts';
import type { PredictedLink, Prediction } from '../../../core/netplan/prediction.ts';
import { LAUNCH_FILE, launchConfiguration, NOTHING } from '../../../core/network/our-files.ts';
import type { GuestFile, Revision } from '../../../core/network/revision.ts';
import { ETC, type FileChanges } from './guest-network.ts';
import { predicted } from './plan.ts';
import type { Situation } from './situation.ts';

const OWN: Omit<GuestFile, 'path' | 'content'> = { mode: 0o600, uid: 0, gid: 0 };

/** Files that do not touch the default interface stay; those that do, or that netplan refuses, are in the history. @param first  the revision that it was launched with */
export function repairing({ spec }: Instance, first: Revision | undefined): (stands: Situation) => FileChanges {
  return (stands) => {
    const launch = launchFile(spec, first, stands);
    const alone = predicted([launch], stands);
    const others = stands.look.files.filter(({ path }) => path !== LAUNCH_FILE);
    const harmless = others.filter((file) => !hides(file, launch) && asAlone(predicted([launch, file], stands), alone, stands));
    // Two may do together what neither does alone.
    const kept = asAlone(predicted([launch, ...harmless], stands), alone, stands) ? harmless : [];
    const gone = others.filter((file) => !kept.includes(file));
    return {
      write: [launch, ...gone.filter(({ path }) => path.startsWith('/lib/')).map(({ path }) => ({ ...OWN, path: `${ETC}${baseName(path)}`, content: NOTHING }))],
      setAside: gone.filter(({ path }) => !path.startsWith('/lib/')).map(({ path }) => path),
    };
  };
}

/** As it was at launch, where that does for the default interface; further cards that were in it stay in it. */
function launchFile(spec: Instance['spec'], first: Revision | undefined, stands: Situation): GuestFile {
  const then = first?.origin === 'launch' ? first.files.find(({ path }) => path === LAUNCH_FILE) : undefined;
  const fresh: GuestFile = { ...OWN, path: LAUNCH_FILE, content: launchConfiguration(spec.mac, (spec.cards ?? []).filter(({ seeded, mode }) => seeded && mode === 'auto')) };
  if (then === undefined) return fresh;
  return asAlone(predicted([then], stands), predicted([fresh], stands), stands) ? then : fresh;
}

/** In /run a name hides the same one in /etc. */
function hides(file: GuestFile, launch: GuestFile): boolean {
  return baseName(file.path) === baseName(launch.path);
}

/** The default interface is as with the launch file alone. */
function asAlone(with_: Prediction, alone: Prediction, { facts }: Situation): boolean {
  return with_.refused === null && told(with_, facts.control.mac) === told(alone, facts.control.mac);
}

function told({ links }: Prediction, mac: string): string {
  const link = links.find((each) => each.mac === mac && each.exists && each.kind === 'ethernet');
  return link === undefined ? '' : JSON.stringify(effect(link));
}

/** All that counts of a link, without where it is said. */
function effect({ addresses, routes, unknown, ...rest }: PredictedLink): object {
  return {
    ...rest, place: null, passedOver: null, definition: null, unknown: unknown.map(({ reason }) => reason),
    addresses: addresses.map((each) => ({ ...each, place: null })), routes: routes.map((each) => ({ ...each, place: null })),
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
