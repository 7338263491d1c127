/** Python is brought back by the guest's own package manager: stand-ins of each say what they were called with. */
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mend } from '../../src/guest/look/in-guest.ts';
import { type GuestRoot, makeGuestRoot } from './stand-in/guest-root.ts';

const INTERPRETER = 'printf "#!/bin/sh\\nexit 0\\n" >"$1"; chmod 755 "$1"';
const APT = '-q -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20';
const BARE = `apt-get ${APT} install -y --reinstall python3.11-minimal libpython3.11-minimal libpython3.11-stdlib`;

/** A guest without Python; its package manager notes each call, and then does as `does` says, which may call `brings`. */
async function makeGuest(manager: string | undefined, does = ''): Promise<GuestRoot> {
  const root = await makeGuestRoot();
  await symlink('/bin/chmod', join(root.directory, 'usr/bin/chmod'));
  const noted = (more: string): string => `echo "\${0##*/} $*" >>$root/calls\nbrings() { set -- "$root/usr/bin/$1"; ${INTERPRETER}; }\n${more}`;
  await root.program('usr/bin/systemctl', noted(''));
  if (manager !== undefined) await root.program(`usr/bin/${manager}`, noted(does));
  return root;
}

const calls = async ({ directory }: GuestRoot): Promise<string[]> => (await readFile(join(directory, 'calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
const mended = async (root: GuestRoot, deadlineMs = 30_000): Promise<string> => (await mend(root.shell, 'python', [], deadlineMs, new AbortController().signal)).replaceAll(root.directory, '');
const RESTARTED = 'systemctl --no-block restart holdfast-doorman.service';
const KNOWN = 'echo "  Depends: python3.11-minimal"';

test.each([
  ['dnf', 'brings python3', ['dnf -y reinstall python3 python3-libs']],
  ['dnf', 'case $2 in reinstall) exit 1 ;; esac; brings python3', ['dnf -y reinstall python3 python3-libs', 'dnf -y install python3']],
  ['zypper', 'brings python3', ['zypper -n install -f python3']],
  ['pacman', 'brings python3', ['pacman -S --noconfirm python']],
  ['apk', 'brings python3', ['apk fix python3']],
  ['apk', 'case $1 in fix) exit 1 ;; esac; brings python3', ['apk fix python3', 'apk add python3']],
])('by %s (%s): what it is called with, and the doorman is restarted', async (manager, does, wanted) => {
  await using root = await makeGuest(manager, does);
  expect(await mended(root)).toBe(`installed Python with ${manager}`);
  expect(await calls(root)).toEqual([...wanted, RESTARTED]);
});

test('by apt-get: the interpreter and its libraries first, then the name that maintainer scripts begin with, then the rest', async () => {
  await using root = await makeGuest('apt-get', 'case "$*" in *--reinstall*) brings python3.11 ;; *) [ -x $root/usr/bin/python3 ] ;; esac');
  await root.program('usr/bin/apt-cache', KNOWN);
  expect(await mended(root)).toBe('installed Python 3.11 with apt-get');
  expect(await calls(root)).toEqual([BARE, `apt-get ${APT} install -y python3`, RESTARTED]);
  expect(await root.tree()).toContain('/usr/bin/python3 -> python3.11');
});

test('by apt-get without lists of packages: they are fetched first', async () => {
  await using root = await makeGuest('apt-get', 'case "$*" in *update) touch $root/etc/lists ;; *--reinstall*) brings python3.11 ;; esac');
  await root.program('usr/bin/apt-cache', `[ ! -e $root/etc/lists ] || ${KNOWN}`);
  expect(await mended(root)).toBe('installed Python 3.11 with apt-get');
  expect(await calls(root)).toEqual([`apt-get ${APT} update`, BARE, `apt-get ${APT} install -y python3`, RESTARTED]);
});

test('an interpreter under another name is enough, and no package manager is called; one that lacks what is needed is passed over', async () => {
  await using root = await makeGuest('apt-get');
  await root.program('usr/bin/python3.9', 'exit 1');
  await root.program('usr/bin/python3.12', '');
  expect(await mended(root)).toBe('pointed /usr/bin/python3 at /usr/bin/python3.12');
  expect(await calls(root)).toEqual([RESTARTED]);
});

test('a file of somebody\'s in its place is not taken away', async () => {
  await using root = await makeGuest('zypper', 'exit 4');
  await writeFile(join(root.directory, 'usr/bin/python3'), 'mine', { mode: 0o755 });
  await root.program('usr/bin/python3.12', '');
  await expect(mended(root)).rejects.toMatchObject({ code: 'exec-failed' });
  expect(await readFile(join(root.directory, 'usr/bin/python3'), 'utf8')).toBe('mine');
});

test.each(['apt-get', 'dnf', 'zypper', 'pacman', 'apk', undefined])('%s that brings none: that is told, and the doorman is left alone', async (manager) => {
  await using root = await makeGuest(manager, 'echo "Could not resolve host" >&2; exit 100');
  await root.program('usr/bin/apt-cache', KNOWN);
  await expect(mended(root)).rejects.toMatchObject({ code: 'exec-failed', message: 'Python could not be installed; does the guest reach its package mirror?' });
  expect(await calls(root)).not.toContain(RESTARTED);
});

test('one that hangs is not waited for beyond the time limit, and goes on no longer', async () => {
  await using root = await makeGuest('zypper', 'sleep 600; brings python3');
  await expect(mended(root, 1_000)).rejects.toMatchObject({ code: 'too-slow' });
  expect(await calls(root)).toEqual(['zypper -n install -f python3']);
});
