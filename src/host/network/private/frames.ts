/** Ethernet frames as QEMU's `stream` backend sends them: each after its length, four bytes, the first the highest (QEMU: net/stream.c). */

/** A guest's largest is 64 KiB and some; QEMU itself takes no larger one. */
const LONGEST = 68 * 1024;
const PREFIX = 4;

/** Cuts a stream into frames. What it keeps is bounded by the longest frame. */
export class FrameReader {
  #kept: Buffer = Buffer.alloc(0);

  /** @returns whole frames, each with its length before it, as they are to be passed on  @throws RangeError for a length that no frame has */
  take(piece: Buffer): Buffer[] {
    const all = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    const frames: Buffer[] = [];
    let at = 0;
    while (all.length - at >= PREFIX) {
      const length = all.readUInt32BE(at);
      if (length > LONGEST) throw new RangeError(`a frame of ${length} bytes`);
      if (all.length - at < PREFIX + length) break;
      frames.push(all.subarray(at, at + PREFIX + length));
      at += PREFIX + length;
    }
    this.#kept = at === all.length ? Buffer.alloc(0) : Buffer.from(all.subarray(at));
    return frames;
  }
}

/** Destination and source, six bytes each; undefined for what is too short to be a frame. */
export function macsOf(frame: Buffer): { readonly to: string; readonly from: string; readonly toMany: boolean } | undefined {
  const body = frame.subarray(PREFIX);
  if (body.length < 14) return undefined;
  return { to: body.toString('latin1', 0, 6), from: body.toString('latin1', 6, 12), toMany: ((body[0] ?? 0) & 1) === 1 };
}
