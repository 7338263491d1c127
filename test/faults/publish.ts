/** The table of all faults, as docs/faults/<date>.md has it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from '../real/home.ts';
import { LIMITS_IN_WORDS } from './limits.ts';
import type { Marks } from './marks.ts';

export async function publishFaults(marks: Marks, watchSeconds: number): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const directory = join(CHECKOUT, 'docs/faults');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${date}.md`), `# Faults, ${marks.days.join(' and ')}

Debian 12 guest, one vCPU, accelerator ${marks.accelerator}; host with ${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}). Each fault was
watched for ${watchSeconds} s. Seconds are of whole commands, the command line's own start included; one that held took
${LIMITS_IN_WORDS}. ${marks.passed} held, ${marks.failed} failed.

| fault | first exec | exec 10 s later | slowest list | slowest exec in another instance | noticed by info after |
|---|---|---|---|---|---|
${marks.lines('live')}

Across a restart of the guest. Boot is the guest's own: from the machine's reset (or start) to the guest opening its control
lane. The first exec is from there to its end, the second follows at once.

| fault | boot | first exec | second exec | list | exec in another instance |
|---|---|---|---|---|---|
${marks.lines('reboots')}

Of the host:

| fault | held |
|---|---|
${marks.lines('host')}

While a network change is armed that takes the default interface's address away; as before are files with owners, modes and times,
addresses, routes and links. Seconds count from the fault's end and include the deadline.

| fault | |
|---|---|
${marks.lines('changes')}

Changes of the network one after the other, by hand and by Holdfast; \`net repair\` at the end brought the default interface back.

| seed | changes | slowest exec after one | net repair |
|---|---|---|---|
${marks.lines('sequences')}

All lanes were cut from the host's side and used again at once, in one process (without a command line's start).

| lane | reconnects in a row | median, to a command's end | slowest |
|---|---|---|---|
${marks.lines('lanes')}

What can happen to a template, or while one is made: a launch after it boots instead, with one line of explanation, or makes
another; nothing is left of what failed, and no fork is handed out without an identity of its own (test/real/17-template-faults).
Seconds are of the whole check, the boots in it included.

| fault | | seconds |
|---|---|---|
${marks.lines('templates')}

Root in a guest writes without end to what is read of it (test/real/56-flood): the daemon's memory and time are bounded, the other
instance answers, and the guest is held again afterwards.

| flood | | seconds |
|---|---|---|
${marks.lines('floods')}

What \`holdfast doctor NAME\` names as the first broken layer and \`--fix\` mends (test/real/55-doctor).

| ailment | | seconds |
|---|---|---|
${marks.lines('doctor')}

A guest that an older release held, in a home that one wrote, taken over by today's daemon (test/real/55-upgrade): each agent and each
schema at least once.

| agent and home | | seconds |
|---|---|---|
${marks.lines('upgrades')}
`);
}
