/** Takes an ethernet of the host out of its bridge: it gets what the bridge has by now, which is what it had unless somebody changed that. */
import { dirname } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { MARK } from '../../../core/network/ethernet/moves.ts';
import type { Picture } from '../../../core/network/ethernet/picture.ts';
import { hostBootId } from '../../process/identity.ts';
import { hostLinks } from '../links.ts';
import { postGuard } from './guard.ts';
import { pictureOf } from './look.ts';
import type { MakeParts } from './make.ts';
import type { EthernetRecord } from './record.ts';
import { undo } from './undo.ts';
import { wayOf } from './ways.ts';

/** @returns whether it is gone; one that something else is plugged into stays, and is not this home's any more  @throws machine-failed */
export async function remove({ file, ways, guardScript }: MakeParts, record: EthernetRecord): Promise<boolean> {
  const { bridge, ethernet } = record;
  const links = await hostLinks();
  const ports = links.filter(({ master }) => master === bridge).map(({ name }) => name);
  const there = links.find(({ name }) => name === bridge);
  if (there?.alias?.startsWith(MARK) !== true || !ports.includes(ethernet) || ports.length > 1) {
    await file.forget(bridge);
    return false;
  }
  const had = asItWas(await pictureOf(bridge), record.had);
  // Whichever home made it, it is this one's to take away.
  const removing: EthernetRecord = { ...record, had, mark: there.alias, boot: await hostBootId() ?? null, state: 'removing' };
  await file.put(removing);
  const guard = guardScript === undefined ? undefined : await postGuard(guardScript, [file.path, bridge]);
  try {
    await undo({ ethernet, bridge, had, mark: there.alias, directory: dirname(file.path) }, wayOf(ways, record.owner));
  } catch (error) {
    throw fail('machine-failed', `the bridge ${bridge} could not be taken away: ${error instanceof Error ? error.message : String(error)}`, { hint: 'the next daemon goes on with it', cause: error });
  } finally {
    guard?.dismiss();
  }
  await file.forget(bridge);
  return true;
}

/** What goes with the name of the link, and not with the bridge. */
function asItWas(now: Picture, before: Picture | null): Picture {
  const labels = new Map(before?.addresses.map(({ address, label }) => [address, label]));
  return { ...now, up: before?.up ?? true, addresses: now.addresses.map((each) => ({ ...each, label: labels.get(each.address) ?? null })) };
}
