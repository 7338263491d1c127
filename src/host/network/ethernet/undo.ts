/** Gives an ethernet back what it had, from wherever it was left: by the daemon, by the guard of one that died, by the next one. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../../core/errors.ts';
import { backLines, MARK } from '../../../core/network/ethernet/moves.ts';
import { lost } from '../../../core/network/ethernet/picture.ts';
import { hostBootId } from '../../process/identity.ts';
import { hostLinks } from '../links.ts';
import { carryOut, pictureOf } from './look.ts';
import type { EthernetFile, EthernetRecord } from './record.ts';
import type { Job, Way, Ways } from './way.ts';
import { wayOf } from './ways.ts';

const LOOK_MS = 100;
const TRIES = 3;

/** @throws machine-failed  it has not got it back, with what is missing */
export async function undo(job: Job, way: Way): Promise<void> {
  if (await isAnothers(job)) return;
  let missing: string[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    await way.back(job);
    for (const until = performance.now() + way.withinMs / TRIES; performance.now() < until; await sleep(LOOK_MS)) {
      missing = await lostBy(job.ethernet, job.had);
      if (missing.length === 0 && !(await hostLinks()).some(({ name, master }) => name === job.ethernet && master === job.bridge)) return;
    }
  }
  // Whoever was to give it back does not: better as it was, and nobody's.
  await carryOut(backLines(job, job.had, true), job.directory, true);
  throw fail('machine-failed', `${job.ethernet} has not got back all that it had: ${missing.join(', ') || `it is in ${job.bridge} still`}`, { hint: 'the next daemon tries again; by hand: ip address, ip route' });
}

/** Of what was left half done: undone where it was being made, finished where it was being removed. @returns whether anything of it was there  @throws machine-failed */
export async function settle(file: EthernetFile, ways: Ways, record: EthernetRecord): Promise<boolean> {
  const { bridge, had, state } = record;
  if (state !== 'making' && state !== 'removing') return false;
  // After a restart of the host there is nothing of it.
  const isThere = had !== null && record.boot === (await hostBootId() ?? null);
  if (isThere) await undo({ ...record, had, directory: dirname(file.path) }, wayOf(ways, record.owner));
  if (state === 'removing') await file.forget(bridge);
  else await file.put({ ...record, state: 'agreed', had: null });
  return isThere;
}

/** Another home has made it meanwhile. */
async function isAnothers({ bridge, mark }: Job): Promise<boolean> {
  const alias = (await hostLinks()).find(({ name }) => name === bridge)?.alias;
  return alias?.startsWith(MARK) === true && alias !== mark;
}

/** @returns what a link has not; of one that is gone nothing can be said */
export async function lostBy(link: string, had: Job['had']): Promise<string[]> {
  const has = await pictureOf(link).catch(() => undefined);
  return has === undefined ? [] : lost(had, has);
}
