/** Machine, processor, memory, firmware, clock: what differs by architecture, accelerator and host. */
import type { Architecture } from '../../../core/instance.ts';
import { escaped, type CommandLineInput } from './input.ts';

const MiB = 1024 * 1024;
/** Translated code under emulation; QEMU's own bound is a gigabyte per machine. */
const TRANSLATION_BUFFER_MIB = 128;
/** Idle, a fork is to cost less than 100 MB beyond its template; docs/decisions/templates.md has what that costs in time. */
const FORK_TRANSLATION_BUFFER_MIB = 32;

/**
 * All that QEMU can do, less what is slow in software though it is quick in hardware, for which kernels prefer it: on x86 strings
 * copied by bytes (QEMU goes round once for each: docs/decisions/qemu-machine.md), on Arm the architecture's own algorithm that
 * signs pointers, at each call.
 */
export const EMULATED_CPU: Readonly<Record<Architecture, string>> = { x86_64: 'max,-erms,-fsrm', aarch64: 'max,pauth-impdef=on' };

export function platform(input: CommandLineInput): string[] {
  const { architecture, accelerator, hostSystem, machineType, name, uuid, cpus, memoryBytes } = input;
  const memoryMiB = Math.floor(memoryBytes / MiB);
  const x86 = architecture === 'x86_64';
  return [
    '-nodefaults', '-no-user-config',
    '-name', `guest=${escaped(name)},debug-threads=on`,
    '-uuid', uuid,
    '-machine', [machineType, ...(x86 ? ['vmport=off'] : ['gic-version=max']), 'memory-backend=mem'].join(','),
    // The block is always called mem: a fork finds its template's by name.
    '-object', `${backend(input)},id=mem,size=${memoryMiB}M`,
    '-m', `${memoryMiB}M`,
    '-accel', accelerator === 'tcg' ? emulation(input) : accelerator,
    '-cpu', accelerator === 'tcg' ? EMULATED_CPU[architecture] : 'host',
    '-smp', `cpus=${cpus},sockets=1,cores=${cpus},threads=1`,
    '-rtc', x86 ? 'base=utc,clock=host,driftfix=slew' : 'base=utc,clock=host',
    // A guest that puts itself to sleep would look like a hang; nobody could wake it.
    ...(x86 ? ['-global', 'ICH9-LPC.disable_s3=1', '-global', 'ICH9-LPC.disable_s4=1'] : []),
    ...firmware(input),
    ...(input.incoming ? ['-incoming', 'defer'] : []),
    '-boot', 'strict=on',
    '-display', 'none', '-vga', 'none',
    '-action', 'reboot=reset,shutdown=poweroff,panic=pause',
    // Seccomp, hence Linux only.
    ...(hostSystem === 'linux' ? ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'] : []),
    '-pidfile', input.sockets.pid,
  ];
}

function backend({ memory }: CommandLineInput): string {
  if (memory.kind === 'own') return 'memory-backend-ram';
  if (memory.kind === 'shared') return 'memory-backend-memfd,share=on';
  const file = `memory-backend-file,mem-path=${escaped(memory.path)}`;
  if (memory.kind === 'template') return `${file},share=on`;
  return `${file},share=off${memory.readOnly ? ',readonly=on,rom=off' : ''}`;
}

/** One thread for all vCPUs: with thread=multi some kernels oops while they patch themselves at boot. */
function emulation({ memory, translationBufferBytes: bytes }: CommandLineInput): string {
  const bufferMiB = bytes === undefined ? memory.kind === 'fork' ? FORK_TRANSLATION_BUFFER_MIB : TRANSLATION_BUFFER_MIB : Math.floor(bytes / MiB);
  return `tcg,thread=single,tb-size=${bufferMiB}`;
}

function firmware({ firmware: files }: CommandLineInput): string[] {
  if (files === undefined) return [];
  return [
    '-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escaped(files.code)}`,
    '-drive', `if=pflash,unit=1,format=raw,file=${escaped(files.variables)}`,
  ];
}
