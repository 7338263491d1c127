import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEBIAN_NAMES, requireExecution } from './architecture.ts';
import { parsePackages } from './recipe.ts';

const FOREIGN = process.arch === 'arm64' ? 'amd64' : 'arm64';
const PROGRAM = FOREIGN === 'arm64' ? 'aarch64' : 'x86_64';

test('what this machine runs by itself needs nothing', async () => {
  await expect(requireExecution(FOREIGN === 'arm64' ? 'amd64' : 'arm64', '/nowhere')).resolves.toBeUndefined();
});

test.each<[string, string | undefined, RegExp | undefined]>([
  ['not mounted', undefined, /mount -t binfmt_misc/],
  ['without an interpreter', 'enabled\ninterpreter /usr/bin/python3\nflags: F\n', /apt-get install qemu-user-static/],
  ['with it disabled', `disabled\ninterpreter /usr/bin/qemu-${PROGRAM}-static\nflags: OCF\n`, /apt-get install qemu-user-static/],
  ['with it, but out of reach in a chroot', `enabled\ninterpreter /usr/bin/qemu-${PROGRAM}-static\nflags: OC\n`, /apt-get install qemu-user-static/],
  ['with Debian\'s', `enabled\ninterpreter /usr/libexec/qemu-binfmt/${PROGRAM}-binfmt-P\nflags: POF\n`, undefined],
])('binfmt_misc %s is found out before anything is built', async (_, entry, hint) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-binfmt-'));
  try {
    if (entry !== undefined) {
      await writeFile(join(directory, 'register'), '');
      await writeFile(join(directory, 'some-entry'), entry);
    }
    const asked = requireExecution(FOREIGN, entry === undefined ? join(directory, 'nothing') : directory);
    if (hint === undefined) await expect(asked).resolves.toBeUndefined();
    else await expect(asked).rejects.toMatchObject({ code: 'tool-missing', message: expect.stringContaining(FOREIGN) as string, hint: expect.stringMatching(hint) as string });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a package may be one architecture\'s only', () => {
  const text = '# kernel\nlinux-a [amd64]\nlinux-b [arm64] # why\n\nsudo\n';
  expect(parsePackages(text, DEBIAN_NAMES.x86_64)).toEqual(['linux-a', 'sudo']);
  expect(parsePackages(text, DEBIAN_NAMES.aarch64)).toEqual(['linux-b', 'sudo']);
});
