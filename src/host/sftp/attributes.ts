/** What is said of a file, in SFTP's form; ids go through the mount's maps on the way. */
import type { Stats } from 'node:fs';
import { hostId, guestId, type IdMaps } from '../../core/mounts/id-maps.ts';
import { type PacketReader, uint32, uint64 } from './wire.ts';

const HAS = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x80000000 } as const;
/** The other end leaves this half of the owner as it is. */
const UNCHANGED = 0xffffffff;
/** set-user-id and set-group-id: a guest makes no program that runs as somebody else here. */
const MODE_BITS = 0o1777;
const MOST_EXTENDED = 64;

interface Owner {
  /** undefined: as it is. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What a guest wants of a file; ids are the host's already. */
export interface WantedAttributes {
  readonly size?: number;
  /** null: one of the two ids stands for nobody here. */
  readonly owner?: Owner | null;
  readonly mode?: number;
  /** Seconds. */
  readonly times?: { readonly accessed: number; readonly modified: number };
}

/** @throws ProtocolError */
export function readAttributes(reader: PacketReader, maps: IdMaps): WantedAttributes {
  const flags = reader.uint32();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const wanted = {
    ...(has(HAS.size) ? { size: Number(reader.uint64()) } : {}),
    ...(has(HAS.owner) ? { owner: ownerOf(reader.uint32(), reader.uint32(), maps) } : {}),
    ...(has(HAS.mode) ? { mode: reader.uint32() & MODE_BITS } : {}),
    ...(has(HAS.times) ? { times: { accessed: reader.uint32(), modified: reader.uint32() } } : {}),
  };
  if (has(HAS.extended)) {
    const count = Math.min(reader.uint32(), MOST_EXTENDED);
    for (let at = 0; at < count; at += 1) { reader.string(); reader.string(); }
  }
  return wanted;
}

function ownerOf(uid: number, gid: number, { uids, gids }: IdMaps): Owner | null {
  const owner = { uid: uid === UNCHANGED ? undefined : hostId(uids, uid), gid: gid === UNCHANGED ? undefined : hostId(gids, gid) };
  return owner.uid === null || owner.gid === null ? null : { uid: owner.uid, gid: owner.gid };
}

export function attributeBytes(stats: Stats, { uids, gids }: IdMaps): Buffer {
  return Buffer.concat([
    uint32(HAS.size | HAS.owner | HAS.mode | HAS.times), uint64(BigInt(stats.size)), uint32(guestId(uids, stats.uid)), uint32(guestId(gids, stats.gid)),
    uint32(stats.mode), uint32(seconds(stats.atimeMs)), uint32(seconds(stats.mtimeMs)),
  ]);
}

/** Version 3 has 32 bits for them, from 1970 on. */
function seconds(ms: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.floor(ms / 1000)));
}
