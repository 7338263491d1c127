/**
 * The server's side of SFTP version 3, for sshfs in one guest: packets in, packets out. The guest is hostile: what is no
 * packet ends the connection, and nothing that it sends is kept beyond its request but a bounded number of open files.
 * Its own process serves one mount, so each request is done at once; Node's synchronous calls are the quick ones.
 */
import type { IdMaps } from '../../core/mounts/id-maps.ts';
import { answerTo, type Served } from './answer.ts';
import type { Beneath } from './beneath.ts';
import { Handles } from './handles.ts';
import { ANSWER, MOST_BYTES, packet, PacketReader, ProtocolError, REQUEST, string, uint32, VERSION } from './wire.ts';

const LENGTH_BYTES = 4;
const EXTENSIONS = [['posix-rename@openssh.com', '1'], ['statvfs@openssh.com', '2'], ['hardlink@openssh.com', '1'], ['fsync@openssh.com', '1']] as const;

export interface SftpParts {
  readonly beneath: Beneath;
  /** Its path, for links that name it. */
  readonly root: string;
  readonly maps: IdMaps;
  /** @returns false when no more should be made until `resume` is called: a guest that asks and does not read fills no memory */
  readonly send: (packet: Buffer) => boolean;
}

export class SftpServer implements Disposable {
  readonly #send: SftpParts['send'];
  readonly #served: Served;
  #held: Buffer = Buffer.alloc(0);
  #greeted = false;
  #blocked = false;

  constructor({ send, ...parts }: SftpParts) {
    this.#send = send;
    this.#served = { ...parts, handles: new Handles() };
  }

  /** @returns whether more can be taken now; otherwise `resume` says so. @throws ProtocolError */
  feed(piece: Buffer): boolean {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    return this.#work();
  }

  /** What was sent has gone. @returns as feed. @throws ProtocolError */
  resume(): boolean {
    this.#blocked = false;
    return this.#work();
  }

  [Symbol.dispose](): void {
    this.#served.handles[Symbol.dispose]();
  }

  #work(): boolean {
    while (!this.#blocked && this.#held.length >= LENGTH_BYTES) {
      const length = this.#held.readUInt32BE();
      if (length === 0 || length > MOST_BYTES) throw new ProtocolError('a packet of an impossible length');
      if (this.#held.length < LENGTH_BYTES + length) break;
      const body = this.#held.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
      this.#held = this.#held.subarray(LENGTH_BYTES + length);
      this.#blocked = !this.#send(this.#answer(new PacketReader(body)));
    }
    return !this.#blocked;
  }

  #answer(request: PacketReader): Buffer {
    const type = request.byte();
    if (type === REQUEST.init) {
      if (this.#greeted || request.uint32() < VERSION) throw new ProtocolError('another version');
      this.#greeted = true;
      return packet(ANSWER.version, [uint32(VERSION), ...EXTENSIONS.flat().map(string)]);
    }
    if (!this.#greeted) throw new ProtocolError('a request before the greeting');
    const id = request.uint32();
    const { type: kind, pieces } = answerTo(type, request, this.#served);
    return packet(kind, [uint32(id), ...pieces]);
  }
}
