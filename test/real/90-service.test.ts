/** The system service, inside a guest that systemd runs: installed, restarted, killed, rebooted, removed; the machines go on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor, waitGently } from './home.ts';
import { openHomeUnderTest } from './provided.ts';
import { packForGuest } from './service/pack.ts';

const home = openHomeUnderTest();

/** Once booted, a machine's process keeps its pid whatever becomes of the daemon. */
const SHELL = `
set -u
PATH=/opt/holdfast/bin:$PATH
machines() { pgrep -f machine-process | sort -n | tr '\\n' ' '; }
daemons() { pgrep -c holdfastd; }
main() { systemctl show -p MainPID --value holdfast; }
wait_for() { n=0; until eval "$1"; do n=$((n+1)); [ $n -lt 600 ] || { echo "waited for: $1"; exit 9; }; sleep 0.2; done; }
`;

/** As root in the guest. @returns what was printed, with the exit code as the last line */
async function inGuest(script: string): Promise<string> {
  const { stdout, stderr } = await home.run(['exec', 'svc', '--', 'sudo', 'bash', '-s'], { input: `${SHELL}(${script}\n) 2>&1; echo "exit $?"\n`, timeoutMs: 500_000 });
  return stdout + stderr;
}

describe('holdfast service', () => {
  beforeAll(async () => {
    const pack = await packForGuest();
    // A fork's small translation buffer makes each command of Node's in it take three times as long.
    await home.must(['launch', '--name', 'svc', '--cold', '--timeout', '600'], { timeoutMs: 900_000 });
    await waitFor('svc to take a command', async () => (await home.run(['exec', 'svc', '--', 'true'])).code === 0, 180_000);
    await home.must(['exec', 'svc', '--', 'sudo', 'tar', '-C', '/', '--no-same-permissions', '-xzf', '-'], { input: pack, timeoutMs: 200_000 });
  }, 1_200_000);
  afterAll(async () => { await home.run(['delete', '--purge', 'svc']); });

  test('install takes over from a daemon that was started by hand; its machines go on', async () => {
    const said = await inGuest(`
      holdfast service status; echo "status $?"
      holdfast launch --name keeper file:///opt/holdfast/tiny.raw
      before=$(machines)
      holdfast service install
      [ "$before" = "$(machines)" ] && echo "the same machines"
      holdfast service status; echo "status $?"
      holdfast service install
      echo "$(daemons) daemon, $(systemctl is-enabled holdfast)"`);
    expect(said).toMatch(/Installed: +no[^]*status 4\n/);
    expect(said).toContain('took over from the daemon that was started by hand');
    expect(said).toContain('the same machines\n');
    expect(said).toMatch(/Service: holdfast\.service serves \/var\/lib\/holdfast \(pid \d+\)\n/);
    expect(said).toMatch(/Enabled: +yes[^]*Active: +yes[^]*Home: +\/var\/lib\/holdfast\n[^]*status 0\n/);
    expect(said).toContain('1 daemon, enabled\n');
  });

  test('restarted, or killed, it is there again with the same machines, and commands meanwhile start no second daemon', async () => {
    const said = await inGuest(`
      holdfast launch --name second file:///opt/holdfast/tiny.raw
      before=$(machines); first=$(main)
      systemctl restart holdfast && holdfast list
      [ "$first" != "$(main)" ] && [ "$before" = "$(machines)" ] && echo "restarted, the same machines"
      kill -9 "$(main)"; holdfast list
      wait_for '[ "$(systemctl is-active holdfast)" = active ]'
      [ "$before" = "$(machines)" ] && echo "killed, the same machines"
      systemctl stop holdfast
      [ "$before" = "$(machines)" ] && echo "stopped, the same machines"
      holdfast service status; echo "status $?"
      holdfast list
      echo "$(daemons) daemon, $(systemctl is-active holdfast)"`);
    for (const how of ['restarted', 'killed', 'stopped']) expect(said).toContain(`${how}, the same machines\n`);
    expect(said.match(/^keeper +Running.*\nsecond +Running/gm)).toHaveLength(3);
    expect(said).toContain('status 3\n');
    expect(said).toContain('1 daemon, active\n');
  });

  test('a member of the group is served by a socket of his own, and knows nothing of root\'s instances', async () => {
    const said = await inGuest(`
      useradd --create-home --groups holdfast ann
      systemctl reload holdfast
      id=$(id -u ann); wait_for '[ -S /run/holdfast/users/$id/holdfastd.sock ]'
      stat -c '%U %a' /run/holdfast/users/$id/holdfastd.sock
      cat > /tmp/as-ann <<'END'
        export PATH=/opt/holdfast/bin:$PATH
        holdfast list; holdfast info keeper
        holdfast launch --name keeper file:///opt/holdfast/tiny.raw
        holdfast launch --name anns file:///opt/holdfast/tiny.raw
        holdfast exec anns -- whoami; holdfast list
        ls -A ~/.local 2>/dev/null
END
      su - ann -c 'sh /tmp/as-ann' </dev/null
      echo "root's:"; holdfast list
      cat > /tmp/knock.py <<'END'
import socket, sys
door = socket.socket(socket.AF_UNIX)
try: door.connect(sys.argv[1])
except OSError as error: print('nobody:', error.strerror)
END
      su nobody -s /bin/sh -c "python3 /tmp/knock.py /run/holdfast/users/$id/holdfastd.sock" </dev/null`);
    expect(said).toContain('ann 600\n');
    expect(said).toContain('No instances found.\n');
    expect(said).toContain('instance "keeper" does not exist');
    expect(said).toContain('the name "keeper" is taken by another user\'s instance');
    expect(said).toContain('Launched: anns in zone1\n');
    const [anns = '', roots = ''] = said.split('root\'s:\n');
    expect(anns).not.toMatch(/^(?:keeper|second) +Running/m);
    expect(roots).toMatch(/^anns +Running[^]*^keeper +Running[^]*^second +Running/m);
    expect(roots).toContain('nobody: Permission denied\n');
  });

  test('after a restart of the host what ran comes back, and what has autostart', async () => {
    await inGuest('holdfast launch --name auto file:///opt/holdfast/tiny.raw; holdfast set local.auto.autostart=true; holdfast stop auto second');
    await home.must(['restart', 'svc'], { timeoutMs: 400_000 });
    let said = '';
    await waitGently('the machines in the guest to be back', async () => {
      said = await inGuest('systemctl is-active holdfast; holdfast list');
      return /^anns +Running[^]*^auto +Running[^]*^keeper +Running/m.test(said);
    }, 300_000).catch(async (error: unknown) => {
      throw new Error(`${said}\n${await inGuest('holdfast logs | tail -n 40')}`, { cause: error });
    });
    expect(said).toMatch(/^second +Stopped/m);
    // Nobody's command started it: the service was there first.
    expect(said).toMatch(/^active\n/);
    // None of them had its power cut: they were shut down before the host was.
    expect(await inGuest('holdfast logs | grep -c "ends with its host, and its guests have"; holdfast logs | grep "was not shut down before the host"')).toBe('1\nexit 1\n');
  });

  test('remove leaves the machines running, and says how to stop them', async () => {
    const said = await inGuest(`
      before=$(machines)
      holdfast service remove
      [ "$before" = "$(machines)" ] && echo "the same machines"
      echo "$(daemons) daemons"; ls /etc/systemd/system/holdfast.service /run/holdfast/users
      holdfast service remove; holdfast service status; echo "status $?"
      holdfast list; holdfast stop --all; echo "$(machines)none left"`);
    expect(said).toMatch(/The service is removed\.\nStill running: .*keeper.*To stop them: holdfast stop /);
    expect(said).toContain('the same machines\n0 daemons\n');
    expect(said).toContain('The service is not installed.\n');
    expect(said).toContain('status 4\n');
    expect(said).toMatch(/^keeper +Running/m);
    expect(said).toMatch(/^none left$/m);
  });
});
