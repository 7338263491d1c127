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

/** Line of a sound guest -> what it is when it ails, and which mending helps; all as in guest/look. */
const AILMENTS: Readonly<Record<string, { readonly line: RegExp; readonly sick: string; readonly cure: string | undefined }>> = {
  python: { line: /^python /, sick: 'python missing', cure: 'python' },
  doorman: { line: /^unit holdfast-doorman/, sick: 'unit holdfast-doorman.service inactive dead enabled', cure: 'doorman' },
  dns: { line: /^dns /, sick: 'dns 10.0.0.99 silent', cure: 'dns' },
  sshd: { line: /^unit ssh\.service/, sick: 'unit ssh.service inactive dead enabled', cure: 'sshd' },
  'sshd\'s directory': { line: /^user-sshd /, sick: 'user-sshd broken Missing privilege separation directory: /run/sshd', cure: 'sshd-directory' },
  'the lanes\' sshd\'s directory': { line: /^private-sshd /, sick: 'private-sshd broken Missing privilege separation directory: /run/sshd', cure: undefined },
  boot: { line: /^system /, sick: 'system starting 4', cure: undefined },
  'boot for ever': { line: /^system /, sick: 'system starting 900', cure: undefined },
  disk: { line: /^root /, sick: 'root rw 1000000 0 1000 500', cure: undefined },
};

/** @returns the exit code, or undefined when the script is no doctor's */
export function treat(script: string, directory: string, out: (text: string) => void): number | undefined {
  if (script.startsWith(`${MEND_MARK} `)) return mend(script.slice(MEND_MARK.length + 1).split('\n')[0] ?? '', directory, out);
  if (!script.startsWith(LOOK_MARK)) return undefined;
  const card = JSON.parse(readFileSync(join(directory, 'card.json'), 'utf8')) as FakeCard;
  const ails = (faultsOf(directory).ails ?? []).map((name) => AILMENTS[name]);
  const lines = soundGuest(card).map((line) => ails.find((ailment) => ailment?.line.test(line))?.sick ?? line);
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
    'unit holdfast-doorman.service active running enabled', 'unit ssh.service active running enabled',
    'sshd ok', 'private-sshd ok', 'user-sshd ok', 'listens yes',
    `link enp1s0 ${mac} up 1`, `address enp1s0 ${address}/24 dynamic`, `route default via ${gateway} dev enp1s0`,
    `dns ${gateway} 48468183`, 'root rw 4000000 2000000 300000 250000', 'cloud ended {"v1":{"errors":[]}}', 'end',
  ];
}
