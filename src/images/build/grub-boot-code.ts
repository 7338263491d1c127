/**
 * Fits GRUB's two BIOS stages into the disk, as grub-bios-setup would; that program wants to probe block devices,
 * which a disk file is not.
 *
 * Offsets: GRUB's include/grub/i386/pc/boot.h. boot.img keeps the sector of the next stage at 0x5c and, at 0x66, a
 * jump that trusts the BIOS's drive number; two NOPs make it check, for BIOSes that hand over a wrong one.
 * core.img starts with a sector whose last 12 bytes are the list of what to load: first sector (8), how many (2),
 * to which segment (2). grub-mkimage has filled in all but the first sector.
 */
import { BIOS_BOOT, SECTOR_BYTES } from './disk-layout.ts';
import type { Patch } from './gpt.ts';

const KERNEL_SECTOR = 0x5c;
const DRIVE_CHECK = 0x66;
const NOP = 0x90;
const BLOCK_LIST = 0x1f4;
/** boot.img's code lies before and after the area that a FAT's parameters would take. */
const CODE_START = 0x5a;
const CODE_END = 440;

export function bootCode(bootImg: Uint8Array, coreImg: Uint8Array): Patch[] {
  if (bootImg.length !== SECTOR_BYTES) throw new Error(`boot.img has ${bootImg.length} bytes`);
  if (coreImg.length > BIOS_BOOT.sectors * SECTOR_BYTES) throw new Error(`core.img has ${coreImg.length} bytes, too many`);
  const boot = bootImg.slice();
  new DataView(boot.buffer).setBigUint64(KERNEL_SECTOR, BigInt(BIOS_BOOT.firstSector), true);
  boot.fill(NOP, DRIVE_CHECK, DRIVE_CHECK + 2);
  const core = coreImg.slice();
  const list = new DataView(core.buffer, BLOCK_LIST, 12);
  if (list.getUint16(8, true) !== Math.ceil(coreImg.length / SECTOR_BYTES) - 1) throw new Error('core.img has an unknown form');
  list.setBigUint64(0, BigInt(BIOS_BOOT.firstSector + 1), true);
  return [
    { offsetBytes: 0, bytes: boot.subarray(0, 3) },
    { offsetBytes: CODE_START, bytes: boot.subarray(CODE_START, CODE_END) },
    { offsetBytes: BIOS_BOOT.firstSector * SECTOR_BYTES, bytes: core },
  ];
}
