/**
 * /dev/kvm opens, but carries no guest (or there is none): launch finds out by itself. In a mount namespace of its own,
 * where /dev/kvm is open to everybody, so that the machine's unprivileged user can try it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CHECKOUT, makeTestHome } from './home.ts';

const SCRIPT = `set -eu
mknod "$HOLDFAST_HOME/kvm" c 10 232
chmod 666 "$HOLDFAST_HOME/kvm"
mount --bind "$HOLDFAST_HOME/kvm" /dev/kvm
export HOLDFAST_HOME
set +e
for name in first second; do
  timeout -s INT 45 "$1/bin/holdfast" launch --cold --name $name > "$HOLDFAST_HOME/$name.txt" 2>&1
  "$1/bin/holdfast" delete --purge $name > /dev/null 2>&1
done
kill "$(cat "$HOLDFAST_HOME/daemon.pid")"
rm "$HOLDFAST_HOME/kvm"
`;

// As a user, and where the device is missing, there is nothing to try: that path is the one the other tests take.
test.runIf(process.getuid?.() === 0 && existsSync('/dev/kvm'))('KVM is tried; where it fails that is said once, remembered, and emulation takes over', async () => {
  await using home = await makeTestHome({ imagesFrom: inject('images') });
  await mkdir(join(home.directory, 'run'), { recursive: true, mode: 0o711 });
  await writeFile(join(home.directory, 'try.sh'), SCRIPT);
  // In a chroot the root is no mount whose propagation could be changed.
  const inChroot = spawnSync('unshare', ['--mount', 'true']).status !== 0;
  execFileSync('unshare', ['--mount', ...(inChroot ? ['--propagation', 'unchanged'] : []), 'sh', join(home.directory, 'try.sh'), CHECKOUT], {
    env: { ...process.env, HOLDFAST_HOME: home.directory }, stdio: 'ignore', timeout: 240_000,
  });
  const [first, second] = await Promise.all(['first', 'second'].map((name) => readFile(join(home.directory, `${name}.txt`), 'utf8')));
  const remembered = JSON.parse(await readFile(join(home.directory, 'accelerators.json'), 'utf8')) as { hosts: Record<string, { verdicts: { kvm?: { verdict: string } } }> };
  const [verdicts] = Object.values(remembered.hosts);
  if (verdicts?.verdicts.kvm?.verdict === 'proven') {
    expect(first).not.toContain('emulated');
    return;
  }
  expect(first).toContain('Machines are emulated, which is slow: kvm does not carry a guest here');
  expect(verdicts?.verdicts.kvm?.verdict).toBe('refused');
  expect(second).not.toContain('emulated');
  expect(second).toContain('Waiting for second to answer');
});
