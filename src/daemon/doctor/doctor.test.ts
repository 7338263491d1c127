import { expect, test } from 'vitest';
import { homeLayout } from '../../core/home.ts';
import type { Architecture } from '../../core/instance.ts';
import { well } from '../../drivers/check.ts';
import type { House } from '../instances/house.ts';
import { makeDoctor } from './doctor.ts';

const doctor = makeDoctor({ layout: homeLayout({ env: { HOLDFAST_HOME: '/nowhere' }, uid: 0, platform: 'linux', homedir: '/' }), version: '0' });

async function asked(images: () => Promise<readonly { architecture: string }[]>): Promise<readonly Architecture[] | undefined> {
  let used: readonly Architecture[] | undefined;
  const examine = { host: (architectures: readonly Architecture[]) => {
    used = architectures;
    return [{ id: 'qemu', layer: 'hypervisor', title: 'QEMU', deadlineMs: 1_000, run: () => Promise.resolve(well('there')) }];
  } };
  const registry = { everybodys: [{ record: { instance: { architecture: 'x86_64' } } }] };
  const { checks } = await doctor.host({ driver: { examine }, registry, images: { list: images }, settings: { get: () => 'user' } } as unknown as House, false, AbortSignal.timeout(20_000));
  expect(checks.find(({ id }) => id === 'qemu')).toMatchObject({ status: 'ok' });
  return used?.toSorted();
}

test('the driver is told for which architectures the home has instances and images; an image that does not say its own counts for none', async () => {
  expect(await asked(() => Promise.resolve([{ architecture: 'aarch64' }, { architecture: '' }, { architecture: 'aarch64' }]))).toEqual(['aarch64', 'x86_64']);
});

test('images that cannot be read keep nothing from being looked at', async () => {
  expect(await asked(() => Promise.reject(new Error('EIO')))).toEqual(['x86_64']);
});
