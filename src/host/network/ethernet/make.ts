/** Puts an ethernet of the host into a bridge, as a transaction: kept when the host has all that it had and its gateways answer, undone otherwise. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../../core/errors.ts';
import { gatewaysOf, type Picture } from '../../../core/network/ethernet/picture.ts';
import { hostBootId } from '../../process/identity.ts';
import { answering } from './gateways.ts';
import { postGuard } from './guard.ts';
import { pictureOf, setAlias } from './look.ts';
import { obstacleTo } from './obstacles.ts';
import { ownerOf } from './owner.ts';
import type { EthernetFile, EthernetRecord } from './record.ts';
import { lostBy, undo } from './undo.ts';
import type { Job, Way, Ways } from './way.ts';
import { wayOf } from './ways.ts';

/** A gateway that has answered already is known at once. */
const ASK_MS = 1_500;
const LOOK_MS = 100;

export interface MakeParts {
  readonly file: EthernetFile;
  readonly ways: Ways;
  /** Of the program that undoes it if this one dies. */
  readonly guardScript: string | undefined;
}

/** @throws not-supported where it had better not be; rolled-back where the host would have lost its network */
export async function make({ file, ways, guardScript }: MakeParts, agreed: EthernetRecord): Promise<void> {
  const { ethernet, bridge, mark } = agreed;
  const owner = await ownerOf(ethernet);
  const had = await pictureOf(ethernet);
  const why = await obstacleTo(agreed, had, owner);
  if (why !== undefined) throw unfit(ethernet, why);
  const way = wayOf(ways, owner);
  const gateways = await answering(ethernet, gatewaysOf(had), had.up ? ASK_MS : 0, { anew: false });
  const record: EthernetRecord = { ...agreed, owner, had, boot: await hostBootId() ?? null, state: 'making' };
  const job: Job = { ethernet, bridge, had, mark, directory: dirname(file.path) };
  await file.put(record);
  const guard = guardScript === undefined ? undefined : await postGuard(guardScript, [file.path, bridge]).catch(async (error: unknown) => {
    await file.put(agreed);
    throw error;
  });
  try {
    await into(job, way, gateways);
    await file.put({ ...record, state: 'made' });
  } catch (error) {
    await undo(job, way);
    await file.put({ ...agreed, state: 'agreed', had: null });
    throw fail('rolled-back', `${ethernet} was not put into a bridge, and has what it had: ${error instanceof Error ? error.message : String(error)}`, { hint: 'make the bridge in the host\'s own network configuration, then name it: --network <bridge>', cause: error });
  } finally {
    guard?.dismiss();
  }
}

async function into(job: Job, way: Way, gateways: readonly string[]): Promise<void> {
  const until = performance.now() + way.withinMs;
  await way.into(job);
  await setAlias(job.bridge, job.mark);
  await untilThere(job.bridge, job.had, until);
  const answered = await answering(job.bridge, gateways, Math.max(LOOK_MS, until - performance.now()), { anew: true });
  const silent = gateways.filter((gateway) => !answered.includes(gateway));
  if (silent.length > 0) throw fail('machine-failed', `${silent.join(', ')} did not answer by ${job.bridge} any more`);
}

async function untilThere(bridge: string, had: Picture, until: number): Promise<void> {
  for (;;) {
    const missing = await lostBy(bridge, had);
    if (missing.length === 0) return;
    if (performance.now() > until) throw fail('machine-failed', `${bridge} did not get ${missing.join(', ')}`);
    await sleep(LOOK_MS);
  }
}

export function unfit(ethernet: string, why: string): Error {
  return fail('not-supported', `${ethernet} cannot be put into a bridge by Holdfast: ${why}`, { hint: 'make the bridge in the host\'s own network configuration, then name it: --network <bridge>' });
}
