/** What a doctor sees in a fake guest, and what mending does there: ailments are named in its faults.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_VERSION } from '../../guest/agent/bundle.ts';
import { LOOK_MARK } from '../../guest/look/look-script.ts';
import { MEND_MARK } from '../../guest/look/mend-scripts.ts';
import type { Faults } from './protocol.ts';

/** Written by the driver for the guest's process. */
export interface FakeCard {
  readonly mac: string;
  readonly address: string;
  readonly gateway: string;
}

interface Ailment {
  /** Of a sound guest; none where it is seen elsewhere. */
  readonly line?: RegExp;
  /** What that line is then. */
  readonly sick?: string | ((line: string) => string);
  /** Which mending helps, as in guest/look. */
  readonly cure?: string;
}

const NO_DIRECTORY = 'broken Missing privilege separation directory: /run/sshd';

const AILMENTS: Readonly<Record<string, Ailment>> = {
  monitor: {},
  neighbour: {},
  python: { line: /^python /, sick: 'python missing', cure: 'python' },
  'a key': { line: /^agent /, sick: (line) => `${line}\nagent-missing /etc/holdfast/control.pub` },
  'no sshd': { line: /^sshd /, sick: 'sshd missing', cure: 'sshd-package' },
  'the lanes\' sshd': { line: /^private-sshd /, sick: 'private-sshd broken line 3: Bad configuration option: NoSuch' },
  'the lanes\' sshd\'s directory': { line: /^private-sshd /, sick: `private-sshd ${NO_DIRECTORY}` },
  doorman: { line: /^unit holdfast-doorman/, sick: 'unit holdfast-doorman.service inactive dead enabled', cure: 'doorman' },
  'users\' ssh door': { line: /^user-door /, sick: 'user-door missing', cure: 'doorman' },
  'bulk lane': { cure: 'doorman' },
  'no card': { line: /^link /, sick: 'link eth1 52:54:00:00:00:01 up 1', cure: 'driver' },
  'link down': { line: /^link /, sick: (line) => line.replace(' up ', ' down '), cure: 'link-up' },
  'plug pulled': { line: /^link /, sick: (line) => line.replace(/1$/, '0') },
  'no address': { line: /^address /, sick: '', cure: 'lease' },
  'another\'s lease': { line: /^address /, sick: 'address enp1s0 192.168.9.9/24 dynamic', cure: 'lease' },
  'static elsewhere': { line: /^address /, sick: 'address enp1s0 192.168.68.20/24 static' },
  'no route': { line: /^route /, sick: '', cure: 'lease' },
  dns: { line: /^dns /, sick: 'dns 10.0.0.99 silent', cure: 'dns' },
  sshd: { line: /^unit ssh\.service/, sick: 'unit ssh.service inactive dead enabled', cure: 'sshd' },
  'sshd\'s directory': { line: /^user-sshd /, sick: `user-sshd ${NO_DIRECTORY}`, cure: 'sshd-directory' },
  'cloud-init': { line: /^cloud /, sick: 'cloud ended {"v1":{"errors":["it broke"]}}' },
  clock: { line: /^clock /, sick: (line) => `clock ${Number(line.slice('clock '.length)) - 3600}`, cure: 'clock' },
  boot: { line: /^system /, sick: 'system starting 4' },
  'boot for ever': { line: /^system /, sick: 'system starting 900' },
  disk: { line: /^root /, sick: 'root rw 1000000 0 1000 500' },
};

/** What it has now, by name; what is not in the table is nothing. */
export function ailsOf(directory: string): readonly string[] {
  return faultsOf(directory).ails ?? [];
}

/** @returns the exit code, or undefined when the script is no doctor's */
export function treat(script: string, directory: string, out: (text: string) => void): number | undefined {
  if (script.startsWith(`${MEND_MARK} `)) return mend(script.slice(MEND_MARK.length + 1).split('\n')[0] ?? '', directory, out);
  if (!script.startsWith(LOOK_MARK)) return undefined;
  const card = JSON.parse(readFileSync(join(directory, 'card.json'), 'utf8')) as FakeCard;
  const ails = ailsOf(directory).map((name) => AILMENTS[name]);
  const lines = soundGuest(card).map((line) => {
    const sick = ails.find((ailment) => ailment?.line?.test(line))?.sick ?? line;
    return typeof sick === 'string' ? sick : sick(line);
  });
  out(`${lines.join('\n')}\n`);
  return 0;
}

function mend(what: string, directory: string, out: (text: string) => void): number {
  const { ails = [], ...faults } = faultsOf(directory);
  writeFileSync(join(directory, 'faults.json'), JSON.stringify({ ...faults, ails: ails.filter((name) => AILMENTS[name]?.cure !== what) }));
  out(`mended ${what}\n`);
  return 0;
}

function faultsOf(directory: string): Faults {
  try {
    return JSON.parse(readFileSync(join(directory, 'faults.json'), 'utf8')) as Faults;
  } catch {
    return {};
  }
}

function soundGuest({ mac, address, gateway }: FakeCard): string[] {
  return [
    `clock ${Math.floor(Date.now() / 1000)}`, 'system running 4711', 'python ok', `agent ${AGENT_VERSION}`,
    'unit holdfast-doorman.service active running enabled', 'unit ssh.service active running enabled', 'user-door there',
    'sshd ok', 'private-sshd ok', 'user-sshd ok', 'listens yes',
    `link enp1s0 ${mac} up 1`, `address enp1s0 ${address}/24 dynamic`, `route default via ${gateway} dev enp1s0`,
    `dns ${gateway} 48468183`, 'root rw 4000000 2000000 300000 250000', 'cloud ended {"v1":{"errors":[]}}', 'end',
  ];
}
