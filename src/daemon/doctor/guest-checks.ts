/** What is looked at in a guest, as a table. All of it comes from one look; a remedy that could lose data is only told. */
import { broken, nothing, warning, well, type Check, type Finding } from '../../drivers/check.ts';
import type { Look } from '../../guest/look/look.ts';
import { SSH_SOCKET } from '../../guest/user-ssh.ts';
import { isOlder } from '../../guest/agent-calls.ts';
import type { Layer } from '../../core/diagnosis.ts';
import { networkChecks } from './network-checks.ts';
import type { Patient, Seen } from './patient.ts';

const RUNG_NAMES = { lane: 'control lane', address: 'address', console: 'console' } as const;

export function guestChecks(patient: Patient): readonly Check[] {
  const { name, deadlines } = patient;
  /** Beyond the look itself nothing waits for anything. */
  const deadlineMs = deadlines.reach + deadlines.look + 1_000;
  const seen = (id: Layer, title: string, needs: readonly string[], judge: (look: Look, seen: Seen) => Finding): Check => ({
    id, layer: id, title, needs, deadlineMs, run: async (signal) => {
      const all = await patient.see(signal);
      return soFar(id, judge(all.look, all), all);
    },
  });
  return [
    {
      id: 'way-in', layer: 'way-in', title: 'a way in', needs: ['process', 'monitor'], deadlineMs,
      async run(signal) {
        try {
          const { rung, tookMs } = await patient.see(signal);
          return well(`it is reached by its ${RUNG_NAMES[rung]}; one look took ${(tookMs / 1000).toFixed(1)} s`);
        } catch (error) {
          signal.throwIfAborted();
          return broken(error instanceof Error ? error.message : String(error), `see its console: holdfast logs ${name}; if it hangs: holdfast stop --force ${name}, then holdfast start ${name}`);
        }
      },
    },
    seen('system', 'its disk', ['way-in'], (look) => disk(look, name)),
    seen('python', 'Python', ['way-in'], ({ python }) => {
      if (python.state === 'ok') return well('/usr/bin/python3 has what the doorman needs');
      if (python.state === 'slow') return warning('/usr/bin/python3 did not answer in time', 'the guest is very busy: look again');
      const what = python.state === 'missing' ? 'Python is gone: /usr/bin/python3 is missing' : `Python is broken: ${python.said}`;
      return broken(`${what}; the doorman cannot start without it`, 'install it in the guest: sudo apt-get install python3 (or the distribution\'s way)', patient.mending('python'));
    }),
    seen('agent', 'Holdfast\'s files', ['way-in', 'python'], (look) => files(look, patient)),
    seen('private-sshd', 'the lanes\' sshd', ['way-in', 'agent'], ({ sshd }) => {
      if (!sshd.installed) return broken('there is no sshd in the guest', 'install it in the guest: sudo apt-get install openssh-server (or the distribution\'s way)', patient.mending('sshdPackage'));
      // The doorman makes it for each connection.
      if (sshd.privateComplaint === undefined || NO_DIRECTORY.test(sshd.privateComplaint)) return well('its configuration passes sshd -t');
      return broken(`its configuration is refused: ${sshd.privateComplaint}`, 'put Holdfast\'s files back', patient.repairAgent);
    }),
    seen('doorman', 'the doorman', ['way-in', 'python', 'agent'], (look) => doorman(look, patient)),
    {
      id: 'lanes', layer: 'lanes', title: 'its lanes', needs: ['way-in', 'python', 'agent', 'private-sshd', 'doorman'], deadlineMs: deadlineMs + deadlines.lanes + 1_000,
      async run(signal) {
        await patient.see(signal);
        const dead = (await patient.lanes(signal)).filter(({ why }) => why !== undefined);
        if (dead.length === 0) return well('control, session and bulk answer');
        return broken(dead.map(({ why }) => why).join('; '), `restart the doorman: holdfast exec ${name} -- sudo systemctl restart holdfast-doorman`, patient.mending('doorman'));
      },
    },
    ...networkChecks(patient, seen),
    seen('sshd', 'the guest\'s own sshd', ['way-in'], (look) => ownSshd(look, patient)),
    seen('cloud-init', 'cloud-init', ['way-in', 'python'], ({ cloud }) => {
      if (cloud.state === 'error') return broken(`it ended with an error: ${cloud.error}`, `see: holdfast exec ${name} -- sudo cat /var/log/cloud-init-output.log; its errors stay until its next run`);
      if (cloud.state === 'running') return warning('it has not ended yet', `wait for it: holdfast exec ${name} -- cloud-init status --wait`);
      return cloud.state === 'done' ? well('done, without an error') : nothing(cloud.state === 'absent' ? 'it is not installed' : 'it is switched off');
    }),
    seen('clock', 'its clock', ['way-in'], ({ clock = 0 }, { between: [before, after] }) => clockOf(clock, before, after, patient)),
  ];
}

/** What a boot brings late, and a fork or a resumed guest after everybody else. */
const LATE: ReadonlySet<Layer> = new Set(['link', 'address', 'route', 'dns', 'sshd']);

/** Nothing is mended in a guest that is still on its way: what is missing comes by itself. */
function soFar(layer: Layer, finding: Finding, { unfinished }: Seen): Finding {
  if (unfinished === undefined || finding.status !== 'broken' || !LATE.has(layer)) return finding;
  return { status: 'warn', seen: `so far: ${finding.seen} (${unfinished})`, remedy: 'wait until it has started, then look again', pending: true };
}

const MiB_IN_KIB = 1024;

function disk({ root }: Look, name: string): Finding {
  if (root === undefined) return nothing('the guest does not tell of its disk');
  if (root.readOnly) return broken('its root file system is read-only', `its disk may have had errors: see holdfast logs ${name}, then restart it, which checks the file system: holdfast restart ${name}`);
  const grow = `free some in the guest (sudo apt-get clean; sudo journalctl --vacuum-size=50M), or give it more: holdfast stop ${name}, holdfast set local.${name}.disk=…`;
  const free = `${Math.floor(root.freeKiB / MiB_IN_KIB)} MiB free of ${Math.floor(root.totalKiB / MiB_IN_KIB)}`;
  if (root.freeKiB === 0 || (root.inodes > 0 && root.freeInodes === 0)) return broken(root.freeKiB === 0 ? 'its disk is full' : 'its disk has no inode left', grow);
  return root.freeKiB < root.totalKiB / 20 ? warning(`its disk is nearly full: ${free}`, grow) : well(free);
}

function files({ agent }: Look, { repairAgent, machine: { guest }, name }: Patient): Finding {
  const keys = agent.missing.filter((path) => /^\/etc\/holdfast\/(host_ed25519|control\.pub|session\.pub|proxy\.pub)$/.test(path));
  if (keys.length > 0) return broken(`${keys.join(', ')} missing`, `its seed has them, and they are put back at its next boot: holdfast restart ${name}`);
  if (agent.missing.length > 0) return broken(`${agent.missing.slice(0, 3).join(', ')}${agent.missing.length > 3 ? ` and ${agent.missing.length - 3} more` : ''} missing`, 'put them back', repairAgent);
  if (guest.agent && isOlder(agent.version, guest.agent.version)) return warning(`they are of version ${agent.version || 'unknown'}; this Holdfast has ${guest.agent.version}`, 'renew them', repairAgent);
  return well(`version ${agent.version}`);
}

function doorman({ units, userDoor }: Look, { name, mending }: Patient): Finding {
  const unit = units.get('holdfast-doorman.service');
  const remedy = `restart it: holdfast exec ${name} -- sudo systemctl restart holdfast-doorman`;
  if (unit?.active !== 'active') return broken(unit ? `it does not run: ${unit.active} (${unit.sub})${unit.file === 'masked' ? ', masked' : ''}` : 'systemd does not know it', remedy, mending('doorman'));
  if (userDoor) return well(`active (${unit.sub})`);
  // Every version makes it as it starts.
  return broken(`it runs, but ${SSH_SOCKET} is missing, its socket for users' own ssh clients: holdfast proxy fails`, remedy, mending('doorman'));
}

/** It is looked for after the configuration was found right. systemd takes it away with the user's sshd, and makes it with it. */
const NO_DIRECTORY = /^Missing privilege separation directory: \/run\/sshd/;
const RUNS_SSHD = ['ssh.service', 'sshd.service', 'ssh.socket', 'sshd.socket'];

function ownSshd({ sshd, units }: Look, patient: Patient): Finding {
  const found = RUNS_SSHD.flatMap((id) => {
    const unit = units.get(id);
    return unit ? [{ id, ...unit }] : [];
  });
  if (!sshd.installed || found.length === 0) return nothing('it has none; only ways by address need one');
  const noDirectory = NO_DIRECTORY.test(sshd.userComplaint ?? '');
  if (sshd.userComplaint !== undefined && !noDirectory) {
    return broken(`its configuration is refused: ${sshd.userComplaint}`, `mend /etc/ssh in the guest until this is silent: holdfast exec ${patient.name} -- sudo sshd -t; control does not need it`);
  }
  const runs = found.find(({ active }) => active === 'active');
  if (noDirectory && runs?.id.endsWith('.service')) {
    return broken('it runs, but /run/sshd is missing, and it lets nobody in without', `make it: holdfast exec ${patient.name} -- sudo mkdir -m 755 /run/sshd`, patient.mending('sshdDirectory'));
  }
  if (runs) return sshd.listens ? well(`${runs.id} is active`) : warning(`${runs.id} is active, but nothing listens on port 22`, 'where it listens on another port, the way by address does not work; control does not need it');
  const wanted = found.find(({ file }) => file === 'enabled' || file === 'enabled-runtime');
  if (!wanted) return warning(`it is switched off (${found.map(({ id, file }) => `${id} ${file}`).join(', ')})`, 'nothing, when that is meant: control does not need it');
  return broken(`${wanted.id} does not run: ${wanted.active} (${wanted.sub})`, `start it: holdfast exec ${patient.name} -- sudo systemctl start ${wanted.id}`, patient.mending('sshd', wanted.id));
}

/** Less is nothing that anybody notices. */
const CLOCK_TOLERANCE_S = 5;

function clockOf(clock: number, before: number, after: number, patient: Patient): Finding {
  const off = clock < before ? clock + 1 - before : clock > after ? clock - after : 0;
  if (Math.abs(off) <= CLOCK_TOLERANCE_S) return well('it agrees with the host\'s');
  const said = `it is ${Math.round(Math.abs(off))} s ${off < 0 ? 'behind' : 'ahead of'} the host's`;
  const fix = { ...patient.mending('clock'), run: (signal: AbortSignal) => patient.mending('clock', String(Math.round(Date.now() / 1000))).run(signal) };
  return broken(said, 'set it to the host\'s', fix);
}
