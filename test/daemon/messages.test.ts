/** The messages and exit codes that scripts match on: a command line, and all that it says. The words are Multipass's where it has some. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ran } from '../cli/bench-cli.ts';
import { makeFakeBench, type FakeBench } from './fake-bench.ts';

let fake: FakeBench;
const run = (line: string, input?: string): Promise<Ran> => fake.bench.run(line.split(' ').filter((word) => word !== '').map((word) => word.replaceAll('\u00b7', ' ')), input);

beforeAll(async () => {
  fake = await makeFakeBench();
  for (const name of ['apollo', 'hermes', 'gone', 'asleep']) {
    const { code, stderr } = await run(`launch ${fake.image} --name ${name}`);
    if (code !== 0) throw new Error(stderr);
  }
  for (const line of ['stop hermes', 'delete gone', 'suspend asleep']) expect(await run(line)).toMatchObject({ code: 0, stderr: expect.not.stringContaining('failed') });
}, 120_000);
afterAll(() => fake[Symbol.asyncDispose](), 60_000);

const help = (command: string) => `see: holdfast help ${command}\n`;
const REQUIRED = 'Name argument or --all is required\n';
const BOTH = 'Cannot specify name(s) when --all option set\n';
const TIMEOUT = '--timeout value has to be a positive integer\n';
const FORMAT = 'Invalid format type given.\none of: table, json, csv, yaml\n';
const SEE_LIST = 'see which there are: holdfast list\n';

type Row = readonly [line: string, code: number, stderr: string];

/** Nothing on stdout. */
const WRONG: readonly Row[] = [
  ...['list', 'networks', 'purge', 'version', 'aliases', 'zones', 'wait-ready'].map((command): Row => [`${command} x`, 1, `This command takes no arguments\n${help(command)}`]),
  ...['list', 'info', 'networks', 'version', 'aliases', 'zones'].map((command): Row => [`${command} --format xml`, 1, FORMAT]),
  ...['delete', 'recover', 'unalias', 'enable-zones', 'disable-zones'].map((command): Row => [command, 1, REQUIRED + help(command)]),
  ...['start', 'stop', 'restart', 'suspend', 'delete', 'recover', 'unalias', 'enable-zones', 'disable-zones'].map((command): Row => [`${command} x --all`, 1, BOTH]),
  ...['0', '-1', 'soon', '1.5', ''].map((value): Row => [`start --timeout=${value}`, 1, TIMEOUT]),
  ...['restart', 'launch', 'shell', 'wait-ready'].map((command): Row => [`${command} --timeout 0`, 1, TIMEOUT]),
  ['alias', 1, `Wrong number of arguments given\n${help('alias')}`],
  ['alias apollo:ls l x', 1, `Wrong number of arguments given\n${help('alias')}`],
  ['alias apollo', 1, `No command given\n${help('alias')}`],
  ['alias apollo:', 1, `No command given\n${help('alias')}`],
  ['alias :ls', 1, `No instance name given\n${help('alias')}`],
  ['alias apollo:ls list', 1, 'Alias name \'list\' clashes with a command name\nchoose another name\n'],
  ['alias apollo:/bin/list', 1, 'Alias name \'list\' clashes with a command name\nchoose another name\n'],
  ['alias apollo:ls', 1, 'Alias name \'ls\' clashes with a command name\nchoose another name\n'],
  ['alias apollo:lscpu sh', 1, 'Alias name \'sh\' clashes with a command name\nchoose another name\n'],
  ['alias apollo:ls a/b', 1, 'Alias has to be a valid filename\na name without slashes and blanks: holdfast alias <instance>:<command> <alias>\n'],
  ['alias apollo:/bin/', 1, 'Alias has to be a valid filename\na name without slashes and blanks: holdfast alias <instance>:<command> <alias>\n'],
  ['alias ghost:lscpu', 1, 'Instance \'ghost\' does not exist\nwhich ones do: holdfast list\n'],
  ['unalias nope', 1, 'Nonexistent alias: nope\nwhich there are: holdfast aliases\n'],
  ['prefer', 1, `Wrong number of arguments given\n${help('prefer')}`],
  ['get', 1, 'A settings key is required\nwhich there are: holdfast get --keys\n'],
  ['get nope', 1, 'get failed: Unrecognized settings key: \'nope\'\nsee which there are: holdfast get --keys\n'],
  ['set nope=1', 1, 'set failed: Unrecognized settings key: \'nope\'\nsee which there are: holdfast get --keys\n'],
  ['set local.driver=lxd', 1, 'set failed: Invalid setting \'local.driver=lxd\': this host has the driver fake only\n'],
  ['set local.apollo.cpus=2', 2, 'set failed: Cannot update instance settings; instance: apollo; reason: Instance must be stopped for modification\nstop it: holdfast stop apollo\n'],
  ['set local.hermes.disk=2G', 1, 'set failed: Invalid setting \'local.hermes.disk=2G\': a disk can only grow, and this one has 5.0GiB\n'],
  ...['0', '513', '1000', '01', 'two'].map((value): Row => [`set local.hermes.cpus=${value}`, 1, `set failed: Invalid setting 'local.hermes.cpus=${value}': it must be a whole number from 1 to 512\n`]),
  ['launch -c 513', 1, 'Invalid CPU count \'513\'\na whole number from 1 to 512\n'],
  ['launch -c 0', 1, 'Invalid CPU count \'0\'\na whole number from 1 to 512\n'],
  ['launch -m 1CiG', 1, '1CiG is not a valid memory size\na size is a number and a unit, for example 512M, 1.5G or 20GiB\n'],
  ['launch -d much', 1, 'much is not a valid memory size\na size is a number and a unit, for example 512M, 1.5G or 20GiB\n'],
  ['launch -m 511M', 2, 'launch failed: Invalid arguments supplied\nInvalid memory size value supplied: 511M.\nthe minimum is 512.0MiB\n'],
  ['launch -d 1M', 2, 'launch failed: Invalid arguments supplied\nInvalid disk size value supplied: 1M.\nthe minimum is 1.0GiB\n'],
  ['launch -n -x-', 2, 'launch failed: Invalid arguments supplied\nInvalid instance name supplied: -x-\na name starts with a letter, has letters, digits and hyphens, does not end in a hyphen, and has at most 63 characters\n'],
  ['launch -n apollo', 2, 'launch failed: instance "apollo" already exists\nchoose another name, or see: holdfast info apollo\n'],
  ['launch --network name=eth0,speed=1', 1, 'launch failed: Bad network field: speed\nwrite it as: <name>, or name=<name>,mode=auto|manual,mac=<address>, or name=<name>,ip=<address/prefix>,gateway=<address>,dns=<address>; see: holdfast networks\n'],
  ['launch --network name=eth0,mode=off', 1, 'launch failed: Bad network mode \'off\', need \'auto\' or \'manual\'\n'],
  ['launch --network name=eth0,mac=x', 1, 'launch failed: Invalid MAC address: x\nfor example 52:54:00:12:34:56\n'],
  ['launch --network mode=auto', 1, 'launch failed: Bad network definition, need at least a \'name\' field\nwrite it as: <name>, or name=<name>,mode=auto|manual,mac=<address>, or name=<name>,ip=<address/prefix>,gateway=<address>,dns=<address>; see: holdfast networks\n'],
  ['launch https://127.0.0.1:1/x.img --network name=holdfast,mac=52:54:00:00:00:66 --network name=br0,mac=52:54:00:00:00:66', 2, 'launch failed: Invalid arguments supplied\nthe MAC address 52:54:00:00:00:66 is another card\'s already\nleave it out, and one is made up\n'],
  ['net attach apollo --network eth1', 2, 'net failed: eth1 is in no bridge: it is put into one, br-eth1, which takes this host off that network for a moment; agree to it with --yes-bridge\n'],
  ['net static apollo 192.168.90.5/24 --network eth1', 2, 'net failed: eth1 is in no bridge: it is put into one, br-eth1, which takes this host off that network for a moment; agree to it with --yes-bridge\n'],
  ['net attach apollo --network wlan0', 2, 'net failed: wlan0 is a radio card, which cannot be in a bridge: its access point takes frames of its own address only\ntake a wired one, or a bridge: holdfast networks\n'],
  ['start ghost', 2, `start failed: Instance 'ghost' does not exist.\n${SEE_LIST}`],
  ['start gone', 2, 'start failed: Instance \'gone\' is deleted. Use \'recover\' to recover it or \'purge\' to permanently delete it.\n'],
  ['start ghost gone', 2, `start failed: The following errors occurred:\nInstance 'ghost' does not exist.\nInstance 'gone' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.\n${SEE_LIST}`],
  ...['stop', 'restart', 'suspend', 'delete', 'recover'].map((command): Row => [`${command} ghost`, 2, `${command} failed: instance "ghost" does not exist\n${SEE_LIST}`]),
  ['delete apollo ghost', 2, 'delete failed: The following errors occurred:\ninstance "ghost" does not exist\nwhich ones do: holdfast list\n'],
  ['delete --purge apollo apollo.nope', 2, 'delete failed: The following errors occurred:\nNo such snapshot: apollo.nope\nwhich ones there are: holdfast list --snapshots\n'],
  ['stop ghost phantom', 2, `stop failed: The following errors occurred:\ninstance "ghost" does not exist\ninstance "phantom" does not exist\n${SEE_LIST}`],
  ['info ghost', 2, 'info failed: instance "ghost" does not exist\nwhich ones do: holdfast list\n'],
  ['info ghost apollo phantom', 2, 'info failed: The following errors occurred:\ninstance "ghost" does not exist\ninstance "phantom" does not exist\nwhich ones do: holdfast list\n'],
  ['exec ghost -- ls', 2, `exec failed: instance "ghost" does not exist\n${SEE_LIST}`],
  ['shell ghost', 2, `shell failed: instance "ghost" does not exist\n${SEE_LIST}`],
  ['exec apollo', 1, 'Wrong number of arguments given\nname the instance and a command: holdfast exec <name> -- <command>\n'],
  ['exec apollo -d /tmp -n -- ls', 1, 'Options --working-directory and --no-map-working-directory clash\n'],
  ['exec apollo ls -l', 1, 'Unknown option \'-l\'\noptions of the command itself go behind --: holdfast exec <name> -- <command> <options>\n'],
  ['exec gone -- ls', 2, 'exec failed: Instance \'gone\' is deleted. Use \'recover\' to recover it or \'purge\' to permanently delete it.\n'],
  ['clone apollo', 2, 'clone failed: Holdfast can only clone stopped instances.\napollo is Running; stop it first: holdfast stop apollo\n'],
  ['--as=multipass clone apollo', 2, 'clone failed: Multipass can only clone stopped instances.\napollo is Running; stop it first: multipass stop apollo\n'],
  ['--as=multipass snapshot apollo', 2, 'snapshot failed: Multipass can only take/restore snapshots of stopped instances.\napollo is Running; stop it first: multipass stop apollo; or take one while it runs: multipass snapshot --live apollo\n'],
  ['launch --name late --mount /tmp:/proc/x', 2, 'launch failed: unable to mount to "/proc/x"\nname a directory of its own: <instance>:/srv/<name>; the guest needs this one\n'],
  ['launch --name late --mount /tmp:/srv/a --mount /var:/srv/a', 1, 'two mounts cannot both be at /srv/a\ngive each its own: --mount <source>:<path>\n'],
  ...[['/home/ubuntu', '/home/ubuntu'], ['/proc', '/proc'], ['/', '/'], ['../x/./y//', '/home/x/y'], ['../../..', '../../..']].map(([given, place]): Row => [`umount hermes:${given}`, 2, `umount failed: path "${place}" is not mounted in 'hermes'\nwhat is: holdfast info hermes\n`]),
  ['stop asleep', 2, 'stop failed: Cannot stop asleep: it is Suspended\ngive up what was saved, and stop it: holdfast stop --force asleep\n'],
  ['stop apollo --force --time 5', 1, 'Cannot set --force together with --time or --cancel\n'],
  ['stop apollo --force --cancel', 1, 'Cannot set --force together with --time or --cancel\n'],
  ['stop apollo --time 5 --cancel', 1, 'Cannot set a time and cancel at once\n'],
  ['stop apollo --time soon', 1, 'Invalid delay \'soon\'\nminutes as a whole number, for example 5 or +5\n'],
  ['enable-zones zone9', 2, 'enable-zones failed: zone "zone9" does not exist\nsee which there are: holdfast zones\n'],
  ['disable-zones zone1', 1, 'Nothing was changed\nto do it without a question: --force\n'],
  ['launch --zone 4', 2, 'launch failed: Invalid arguments supplied\nzone "4" does not exist\nsee which there are: holdfast zones\n'],
];

// At most a few at a time, each its own process; they change nothing.
test.concurrent.each(WRONG)('%s ends with %i', async (line, code, stderr) => {
  expect(await run(line)).toEqual({ code, stdout: '', stderr });
});

describe.each([['no name', ''], ['a name too long', 'n'.repeat(200)], ['a name much too long', '\u00fc'.repeat(300)]])('%s is one of nobody', (_, name) => {
  const NAME_RULE = 'a name starts with a letter, has letters, digits and hyphens, does not end in a hyphen, and has at most 63 characters\n';
  test.concurrent.each([
    ...['stop', 'restart', 'suspend', 'delete', 'recover', 'clone', 'snapshot', 'shell'].map((command) => [command, name]),
    ['exec', name, '--', 'ls'], ['mount', '/tmp', `${name}:/srv/x`], ['umount', name], ['restore', '--destructive', `${name}.s1`], ['delete', '--purge', `${name}.s1`],
    // Without a name before its colon or dot a place is none.
  ].filter(([command = '']) => name !== '' || !['mount', 'umount', 'restore'].includes(command)).map((words) => [words]))('%j', async (words) => {
    expect(await fake.bench.run(words)).toEqual({ code: 2, stdout: '', stderr: `${words[0]} failed: instance ${words[0]?.endsWith('mount') ? `'${name}'` : `"${name}"`} does not exist\n${SEE_LIST}` });
  });
  test.concurrent('start', async () => {
    expect(await fake.bench.run(['start', name])).toEqual({ code: 2, stdout: '', stderr: `start failed: Instance '${name}' does not exist.\n${SEE_LIST}` });
  });
  test.concurrent('snapshot -n, clone -n', async () => {
    for (const [command, what] of [['snapshot', 'snapshot'], ['clone', 'instance']] as const) {
      expect(await fake.bench.run([command, 'hermes', '-n', name])).toEqual({ code: 2, stdout: '', stderr: `${command} failed: Invalid ${what} name supplied: ${name.slice(0, 80)}\n${NAME_RULE}` });
    }
  });
});

describe('what is said on stdout', () => {
  test.concurrent.each([
    ['nope', 1, 'Error: Unknown command or alias \'nope\' (try "holdfast help" or "holdfast aliases")\n'],
    ['--as=multipass nope', 1, 'Error: Unknown command or alias \'nope\' (try "multipass help" or "multipass aliases")\n'],
    ['help nope', 1, 'Error: Unknown command or alias \'nope\' (try "holdfast help" or "holdfast aliases")\n'],
    ['list --no-ipv4 --format csv', 0, expect.stringMatching(/^Name,State,IPv4,Release,AllIPv4,Zone,Zone available,.*\n(?:.*\n)*apollo,Running,,[^,]*,"",zone1,/)],
    ['wait-ready --timeout 20', 0, ''],
    ['get local.driver', 0, 'qemu\n'],
    ['get local.bridged-network', 0, '<empty>\n'],
    ['get local.bridged-network --raw', 0, '\n'],
    ['aliases', 0, 'No aliases defined.\n'],
  ] as const)('%s', async (line, code, stdout) => expect(await run(line)).toEqual({ code, stdout, stderr: '' }));

  test.concurrent('list leaves the addresses out, and nothing else', async () => {
    const [whole, without] = await Promise.all(['list --format json', 'list --no-ipv4 --format json'].map(async (line) => (JSON.parse((await run(line)).stdout) as { list: { name: string; ipv4: string[] }[] }).list));
    expect(whole?.find(({ name }) => name === 'apollo')?.ipv4).not.toEqual([]);
    expect(without).toEqual(whole?.map((each) => ({ ...each, ipv4: [] })));
  });

  test.concurrent('info leaves out what the guest says, and nothing else', async () => {
    const [whole, without] = await Promise.all(['info apollo --format json', 'info apollo --no-runtime-information --format json'].map(async (line) => (JSON.parse((await run(line)).stdout) as { info: { apollo: object } }).info.apollo));
    expect(whole).toMatchObject({ release: 'Fake Linux 1', load: [0, 0, 0] });
    expect(without).toEqual({ ...whole, release: '', load: [], disks: { sda1: {} }, memory: {} });
  });

  test('no words at all show the help and end with 2, under either name', async () => {
    expect(await run('')).toMatchObject({ code: 2, stdout: expect.stringMatching(/^Usage: holdfast <command>/) });
    expect(await run('--as=multipass')).toMatchObject({ code: 2, stdout: expect.stringMatching(/^Usage: multipass <command>/) });
  });
});

describe('one after the other', () => {
  test('exec wakes what is suspended, as it starts what is stopped', async () => {
    expect(await run('exec asleep -- hostname')).toMatchObject({ code: 0, stdout: 'asleep\n' });
    expect((await run('list --format csv')).stdout).toContain('\nasleep,Running,');
  });

  test('the host\'s network card is put into a bridge only by who agrees', async () => {
    expect(await run(`launch ${fake.image} --name late --bridged`)).toMatchObject({ code: 2, stderr: expect.stringContaining('launch failed: Invalid arguments supplied\nno network is chosen for "bridged"\nchoose one: holdfast set local.bridged-network=<name>; see: holdfast networks\n') });
    const launching = `launch ${fake.image} --name bridged --network eth1`;
    expect(await run(launching)).toMatchObject({ code: 2, stderr: expect.stringMatching(/launch failed: eth1 is in no bridge: it is put into one, br-eth1, which takes this host off that network for a moment; agree to it with --yes-bridge\n$/) });
    expect(await run(`${launching} --yes-bridge`)).toMatchObject({ code: 0, stdout: 'Launched: bridged in zone1\n' });
    expect(await run('delete --purge bridged')).toMatchObject({ code: 0 });
    expect(await run('set local.bridged-network=eth1')).toMatchObject({ code: 0 });
    expect(await run('set local.hermes.bridged=true')).toMatchObject({ code: 2, stderr: expect.stringContaining('agree to it with --yes-bridge\n') });
    expect(await run('set local.hermes.bridged=true --yes-bridge')).toMatchObject({ code: 0 });
    expect((await run('net list hermes')).stdout).toContain('br-eth1');
    expect(await run('network delete br-eth1')).toMatchObject({ code: 2, stderr: expect.stringContaining('hermes has a card on it') });
    expect(await run('net detach hermes 1')).toMatchObject({ code: 0 });
    expect(await run('set local.bridged-network=')).toMatchObject({ code: 0 });
  });

  test('the same alias twice is refused; it runs, shows, and goes', async () => {
    expect(await run('alias apollo:echo greet')).toMatchObject({ code: 0, stdout: '' });
    expect(await run('alias apollo:ls greet')).toEqual({ code: 1, stdout: '', stderr: 'Alias \'greet\' already exists in current context\ntake it away first: holdfast unalias greet\n' });
    expect(await run('greet good day -n')).toEqual({ code: 0, stdout: 'good day -n\n', stderr: '' });
    expect(await run('greet -- --help')).toEqual({ code: 0, stdout: '--help\n', stderr: '' });
    expect((await run('aliases --format csv')).stdout).toBe('Alias,Instance,Command,Working directory,Context\ngreet,apollo,echo,map,default*\n');
    expect((await run('alias -n apollo:pwd where')).code).toBe(0);
    expect((await run('aliases --format csv')).stdout).toBe('Alias,Instance,Command,Working directory,Context\ngreet,apollo,echo,map,default*\nwhere,apollo,pwd,default,default*\n');
    expect((await run('unalias where')).code).toBe(0);
    expect((await run('prefer work')).code).toBe(0);
    expect((await run('default.greet again')).stdout).toBe('again\n');
    expect((await run('unalias default.greet')).code).toBe(0);
    expect((await run('greet')).stdout).toContain('Unknown command or alias \'greet\'');
  });

  test('under Multipass\'s name a user\'s alias comes before a command that Multipass has not', async () => {
    expect(await run('alias apollo:echo logs')).toMatchObject({ code: 1, stderr: 'Alias name \'logs\' clashes with a command name\nchoose another name\n' });
    expect((await run('--as=multipass logs hermes')).stdout).not.toBe('hermes\n');
    expect(await run('--as=multipass alias apollo:echo logs')).toMatchObject({ code: 0 });
    expect(await run('--as=multipass logs --help')).toEqual({ code: 0, stdout: '--help\n', stderr: '' });
    expect((await run('logs --help')).stdout).toMatch(/^Usage: holdfast logs /);
    expect(await run('--as=multipass unalias logs')).toMatchObject({ code: 0 });
    expect((await run('--as=multipass logs --help')).stdout).toMatch(/^Usage: multipass logs /);
    for (const word of ['list', 'ls', 'connect', 'unmount']) expect(await run(`--as=multipass alias apollo:echo ${word}`)).toMatchObject({ code: 1, stderr: expect.stringContaining('clashes with a command name') as string });
  });

  test('what is asked for is read from stdin where no value is given', async () => {
    expect((await run('set local.bridged-network', 'br0\n')).code).toBe(0);
    expect((await run('get local.bridged-network')).stdout).toBe('br0\n');
    expect((await run('set local.passphrase', 'correct horse\n')).code).toBe(0);
    expect((await run('get local.passphrase')).stdout).toBe('true\n');
    expect(await run('set local.passphrase', '')).toMatchObject({ code: 1, stderr: 'No value was given\nwrite it as: holdfast set local.passphrase=<value>\n' });
  });

  test('zones go and come, by name or number', async () => {
    expect(await run('disable-zones 3 zone2 --force')).toEqual({ code: 0, stdout: 'Zone disabled: zone3\nZone disabled: zone2\n', stderr: expect.any(String) });
    expect((await run('zones --format csv')).stdout).toBe('Name,Available,Subnet\nzone1,true,10.107.31.0/24\nzone2,false,10.107.32.0/24\nzone3,false,10.107.33.0/24\n');
    expect(await run('launch --zone zone2')).toMatchObject({ code: 2, stderr: expect.stringContaining('Invalid arguments supplied\nzone "zone2" is not available\n') });
    expect(await run('enable-zones --all')).toMatchObject({ code: 0, stdout: 'Zone enabled: zone1\nZone enabled: zone2\nZone enabled: zone3\n' });
  });

  test('a snapshot that is named beside its instance is shown once', async () => {
    expect((await run('snapshot hermes --name twice')).code).toBe(0);
    const { stdout } = await run('info --snapshots hermes hermes.twice --format csv');
    expect(stdout.split('\n').filter((line) => line.includes('twice'))).toHaveLength(1);
    expect((await run('delete hermes.twice --purge')).code).toBe(0);
  });

  test('where mounts are switched off, a launch with one makes nothing', async () => {
    expect((await run('set local.privileged-mounts=false')).code).toBe(0);
    expect(await run(`launch ${fake.image} --name late --mount /tmp:/srv/a`)).toEqual({
      code: 2, stdout: '', stderr: 'launch failed: Mounts are disabled on this installation of Holdfast.\nallow them: holdfast set local.privileged-mounts=true\n',
    });
    expect((await run('list --format csv')).stdout).not.toContain('late');
    expect((await run('set local.privileged-mounts=true')).code).toBe(0);
  });

  test('a stop that comes later is shown and called off', async () => {
    expect(await run('stop apollo --time +5')).toMatchObject({ code: 0, stdout: '' });
    expect((await run('list --format csv')).stdout).toContain('apollo,Delayed Shutdown,');
    expect((await run('info apollo --no-runtime-information')).stdout).toMatch(/^CPU\(s\): +1$/m);
    expect((await run('stop apollo --cancel')).code).toBe(0);
    expect((await run('list --format csv')).stdout).toContain('apollo,Running,');
  });

  test('of several nothing is deleted where one is not there; aliases go with what is removed for good', async () => {
    await run('alias hermes:ls of-hermes');
    const { code, stderr } = await run('delete ghost hermes phantom --purge');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/delete failed: The following errors occurred:\ninstance "ghost" does not exist\ninstance "phantom" does not exist\n/)]);
    expect((await run('list --format csv')).stdout).toContain('hermes,Stopped');
    expect((await run('delete hermes --purge')).code).toBe(0);
    expect((await run('list --format csv')).stdout).not.toContain('hermes');
    expect((await run('aliases')).stdout).toBe('No aliases defined.\n');
  });

  test('without a name it is the primary instance; a missing one is launched', async () => {
    expect(await run('stop')).toMatchObject({ code: 2, stderr: expect.stringContaining('stop failed: instance "primary" does not exist\n') });
    for (const command of ['start', 'shell', 'start primary', 'shell primary']) expect(await run(command)).toMatchObject({ code: 2, stderr: expect.stringContaining(`${command.split(' ')[0]} failed: there is no image to launch: none was built here`) });
    await run('set client.primary-name=');
    expect(await run('restart')).toEqual({ code: 1, stdout: '', stderr: 'Name argument or --all is required\nthere is no primary instance: client.primary-name is empty\n' });
  });
});
