/** The doctor: the host's table and an instance's, examined or mended. Only looks unless it is told to mend; holds up nobody. */
import type { WireDiagnosis } from '../../api/doctor-schemas.ts';
import { parseArchitecture } from '../../core/architecture.ts';
import { fail } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { orAbort } from '../../guest/ssh/time-limit.ts';
import type { House } from '../instances/house.ts';
import { retake } from '../instances/adopt.ts';
import { hostChecks, type HostQuestion } from './host-checks.ts';
import { instanceChecks } from './instance-checks.ts';
import { homeNetworkChecks } from './home-network-checks.ts';
import { diagnose, mendAll, type Patience } from './mend-all.ts';

export interface Doctor {
  host(house: House, fix: boolean, signal: AbortSignal): Promise<WireDiagnosis>;
  /** @throws instance-not-found; with fix: instance-busy */
  instance(house: House, name: string, fix: boolean, signal: AbortSignal): Promise<WireDiagnosis>;
}

const HOST: Patience = { settleMs: 0, followMs: 0 };
const NATIVE: Patience = { settleMs: 20_000, followMs: 5_000 };
const SLOW: Patience = { settleMs: 90_000, followMs: 20_000 };

export function makeDoctor(question: HostQuestion): Doctor {
  const ofHost = (house: House) => async () => [...hostChecks(question), ...(house.driver.examine?.host(await usedArchitectures(house)) ?? []), ...homeNetworkChecks(house)];
  return {
    host: (house, fix, signal) => (fix ? mendAll(null, ofHost(house), HOST, signal) : diagnose(null, ofHost(house), signal)),
    async instance(house, name, fix, signal) {
      const supervisor = house.registry.require(name);
      const checks = () => instanceChecks(house, supervisor);
      if (!fix) return await diagnose(name, checks, signal);
      const calledOff = new AbortController();
      const limit = AbortSignal.any([signal, calledOff.signal]);
      using _busy = supervisor.occupy({ operation: '', kind: 'doctor --fix', callOff: (why) => calledOff.abort(fail('cancelled', `it was called off: ${why}`)) });
      // What it found is what the checks say.
      await orAbort(retake(house, supervisor), limit).catch(() => limit.throwIfAborted());
      const mended = await mendAll(name, checks, supervisor.machine?.accelerator === 'tcg' ? SLOW : NATIVE, limit);
      for (const { check, title, did, good } of mended.fixes) house.log.line(`doctor-${check}`, name, `${name}: doctor --fix: ${title}: ${did}; ${good ? 'it is well now' : 'it is still broken'}`);
      return mended;
    },
  };
}

/** Of everybody's instances and of the images. */
async function usedArchitectures({ registry, images }: House): Promise<readonly Architecture[]> {
  // That they cannot be read is told by the check of the home.
  const listed = await images.list().catch(() => []);
  const ofImages = listed.map(({ architecture }) => parseArchitecture(architecture)).filter((each) => each !== undefined);
  return [...new Set([...registry.everybodys.map(({ record }) => record.instance.architecture), ...ofImages])];
}
