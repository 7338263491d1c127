/** A guest that an older Holdfast held, in a home that it wrote: today's daemon takes both over. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { AGENT_VERSION } from '../../src/guest/agent/bundle.ts';
import { ALL, pairUp, pickPair } from '../rotation.ts';
import { AGENT_VERSIONS, frozenAgent } from '../upgrade/agents.ts';
import { OLD_HOMES } from '../upgrade/schemas.ts';
import { keptOf, writeOldDatabase } from '../upgrade/write-home.ts';
import { giveRoom, makeTestHome, waitFor, waitGently } from './home.ts';
import { shareTemplates } from './provided.ts';

/** In the guest: the files of an older agent, byte for byte, and what a user had running. */
const INSTALL = `
import json, os, subprocess, sys
for file in json.load(sys.stdin)["files"]:
    with open(file["path"], "w") as handle:
        handle.write(file["content"])
    os.chmod(file["path"], file["mode"])
subprocess.check_call(["systemctl", "daemon-reload"])
subprocess.check_call(["systemd-run", "--quiet", "--collect", "sh", "-c", "sleep 3; systemctl restart holdfast-doorman"])
`;

const pairs = (ALL ? pairUp(AGENT_VERSIONS, OLD_HOMES) : [pickPair(AGENT_VERSIONS, OLD_HOMES)]).map(([version, old]) => ({ version, old, schema: old.schema }));

test.each(pairs)('agent $version in a home of schema $schema: it is held, its files are renewed, and what ran in it goes on', async ({ version, old }) => {
  await using home = await makeTestHome({ imagesFrom: inject('images') });
  // The shared home's template: a fork, where a home of its own would have to boot one.
  await shareTemplates(home.directory, 'linked');
  await giveRoom(home);
  await home.must(['launch', '--name', 'old', '--timeout', '600'], { timeoutMs: 900_000 });
  const inGuest = async (...command: string[]) => (await home.must(['exec', 'old', '--', ...command], { timeoutMs: 60_000 })).stdout;
  await inGuest('sh', '-c', 'nohup sleep 3600 > /dev/null 2>&1 & echo $! > /tmp/kept');

  const agent = frozenAgent(version);
  // Of the newest there is, a guest is made older by its version alone.
  const files = agent.files.map((file) => (agent.version === AGENT_VERSION && file.path.endsWith('/version') ? { ...file, content: '0.0.1\n' } : file));
  const doorman = () => home.run(['exec', 'old', '--', 'systemctl', 'show', '-P', 'MainPID', 'holdfast-doorman']);
  const todays = (await doorman()).stdout;
  await home.must(['exec', 'old', '--', 'sudo', 'python3', '-c', INSTALL], { input: JSON.stringify({ files }), timeoutMs: 60_000 });
  await waitGently('the older doorman to hold', async () => {
    const { code, stdout } = await doorman();
    return code === 0 && stdout !== '0\n' && stdout !== todays && (await home.info('old')).hold === 'held';
  }, 90_000);

  const olders = (await doorman()).stdout;
  const running = keptOf(home.directory, 'old');
  const qemu = await home.qemuPid('old');
  await home.endDaemon();
  const state = join(home.directory, 'instances', running.id, 'machine.json');
  const { version: layoutVersion, machineType, layout, uid, run } = JSON.parse(await readFile(state, 'utf8')) as Record<string, unknown>;
  // As schema 1 wrote it of a machine that was booted.
  await writeFile(state, JSON.stringify({ version: layoutVersion, machineType, layout, uid, run }));
  writeOldDatabase(home.directory, old, running);

  const since = performance.now();
  await home.must(['list']);
  await waitGently('the files to be renewed', async () => (await home.run(['exec', 'old', '--', 'cat', '/usr/lib/holdfast/version'])).stdout.trim() === AGENT_VERSION, 120_000);
  // The doorman is restarted a second after its files are there: what runs over a lane then is cut off.
  await waitGently('the doorman to be of the new files, and to hold', async () => {
    const { code, stdout } = await doorman();
    return code === 0 && stdout !== '0\n' && stdout !== olders && (await home.info('old')).hold === 'held';
  }, 90_000);
  process.stdout.write(`renewed and held ${((performance.now() - since) / 1000).toFixed(1)} s after the daemon's start\n`);
  expect(await home.qemuPid('old'), 'the same machine').toBe(qemu);
  expect((await home.info('old')).state).toBe('Running');
  await waitFor('it to report', async () => (await home.info('old')).release === 'Debian GNU/Linux 12 (bookworm)', 30_000);
  expect(await inGuest('sh', '-c', 'kill -0 $(cat /tmp/kept) && echo alive')).toBe('alive\n');
  expect((await home.must(['logs', 'old'])).stdout).toContain('were renewed from');
  await home.must(['stop', 'old'], { timeoutMs: 180_000 });
  expect((await home.info('old')).state).toBe('Stopped');
});
