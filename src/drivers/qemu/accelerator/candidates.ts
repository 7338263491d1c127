/** Which accelerators are worth trying on this host, in order, and why the better ones are not. Emulation always is. */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Architecture } from '../../../core/instance.ts';
import type { Accelerator } from '../command-line/input.ts';
import type { IdentityPolicy } from '../identity.ts';

export interface Candidates {
  readonly accelerators: readonly Accelerator[];
  /** Why native speed is out of the question; undefined when it is not. */
  readonly obstacle: string | undefined;
  /** Group that the machine's own identity needs to open /dev/kvm. */
  readonly kvmGid: number | undefined;
}

export interface Host {
  readonly platform: NodeJS.Platform;
  readonly architecture: Architecture | undefined;
  readonly kvm: KvmAccess;
}

export type KvmAccess = { readonly usable: true; readonly gid: number | undefined } | { readonly usable: false; readonly why: string };

export function candidates(host: Host, guest: Architecture): Candidates {
  const emulation = (obstacle: string): Candidates => ({ accelerators: ['tcg'], obstacle, kvmGid: undefined });
  if (host.architecture !== guest) return emulation(`this machine is no ${guest}`);
  if (host.platform === 'darwin') return { accelerators: ['hvf', 'tcg'], obstacle: undefined, kvmGid: undefined };
  if (host.platform !== 'linux') return emulation(`no accelerator is known for ${host.platform}`);
  if (!host.kvm.usable) return emulation(host.kvm.why);
  return { accelerators: ['kvm', 'tcg'], obstacle: undefined, kvmGid: host.kvm.gid };
}

export async function thisHost(policy: IdentityPolicy): Promise<Host> {
  const architecture = process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : undefined;
  return { platform: process.platform, architecture, kvm: process.platform === 'linux' ? await kvmAccess(policy) : { usable: false, why: 'no Linux' } };
}

async function kvmAccess(policy: IdentityPolicy): Promise<KvmAccess> {
  const found = await stat('/dev/kvm').catch(() => undefined);
  if (found === undefined) return { usable: false, why: 'there is no /dev/kvm' };
  if (policy === 'own') return kvmForOwnIdentity(found);
  try {
    await (await open('/dev/kvm', constants.O_RDWR)).close();
    return { usable: true, gid: undefined };
  } catch (error) {
    return { usable: false, why: `/dev/kvm cannot be opened (${(error as NodeJS.ErrnoException).code}); being in its group helps: usermod -aG kvm <user>` };
  }
}

/** The daemon's root could open it; the machine's identity is nobody, at best with the device's group. */
export function kvmForOwnIdentity({ mode, gid }: { readonly mode: number; readonly gid: number }): KvmAccess {
  if ((mode & 0o006) === 0o006) return { usable: true, gid: undefined };
  if ((mode & 0o060) === 0o060 && gid !== 0) return { usable: true, gid };
  return { usable: false, why: `/dev/kvm is open to root only (mode ${(mode & 0o777).toString(8)}), and machines do not run as root; with a group it can be used: chgrp kvm /dev/kvm && chmod 660 /dev/kvm` };
}
