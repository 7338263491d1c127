/**
 * How a built disk is laid out: what BIOS boots (p14), what UEFI boots (p15), and the root file system (p1), which
 * lies last so that growpart can grow it. Numbers and order are those of Debian's and Ubuntu's own cloud images.
 */
import type { DebianArchitecture } from './architecture.ts';

export const SECTOR_BYTES = 512;

export interface Partition {
  /** Its number in the table, 1-based; not its order on the disk. */
  readonly number: number;
  readonly name: string;
  /** GUID of its type, as it is written by people. */
  readonly type: string;
  readonly firstSector: number;
  readonly sectors: number;
}

const SECTORS_PER_MIB = 2048;

/** core.img lives here; GRUB has no file system to read it from. */
export const BIOS_BOOT: Partition = {
  number: 14,
  name: 'bios',
  type: '21686148-6449-6E6F-744E-656564454649',
  firstSector: SECTORS_PER_MIB,
  sectors: 3 * SECTORS_PER_MIB,
};

export const ESP: Partition = {
  number: 15,
  name: 'efi',
  type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  firstSector: 4 * SECTORS_PER_MIB,
  sectors: 64 * SECTORS_PER_MIB,
};

/** 2 GiB: four times what is in it, and the least disk an instance can have. */
export const ROOT = {
  number: 1,
  name: 'root',
  firstSector: 68 * SECTORS_PER_MIB,
  sectors: 2048 * SECTORS_PER_MIB,
};

/** The discoverable partitions specification: "Linux root (x86-64)" and "(ARM64)". */
const ROOT_TYPES: Readonly<Record<DebianArchitecture, string>> = {
  amd64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  arm64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
};

/** In their order on the disk. What only boots by UEFI leaves the place of the BIOS's part empty. */
export function partitionsOf(architecture: DebianArchitecture): readonly Partition[] {
  const root: Partition = { ...ROOT, type: ROOT_TYPES[architecture] };
  return architecture === 'amd64' ? [BIOS_BOOT, ESP, root] : [ESP, root];
}

/** One MiB more at the end for the second copy of the partition table. */
export const DISK_SECTORS = ROOT.firstSector + ROOT.sectors + SECTORS_PER_MIB;
