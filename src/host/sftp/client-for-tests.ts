/** Asks an SftpServer as a guest does. */
import { Beneath } from './beneath.ts';
import { SftpServer } from './server.ts';
import { ANSWER, packet, PacketReader, REQUEST, string, uint32 } from './wire.ts';

export interface TestAnswer {
  readonly type: number;
  readonly body: PacketReader;
}

export const SAME = { uids: [{ host: process.getuid?.() ?? 0, guest: 1000 }], gids: [{ host: process.getgid?.() ?? 0, guest: 1000 }] };
export const NO_ATTRIBUTES = uint32(0);

export class TestClient implements Disposable {
  readonly server: SftpServer;
  readonly #beneath: Beneath;
  #sent: Buffer[] = [];
  #id = 0;

  constructor(root: string) {
    this.#beneath = new Beneath(root);
    this.server = new SftpServer({ beneath: this.#beneath, root, maps: SAME, send: (bytes) => { this.#sent.push(bytes); return true; } });
    this.server.feed(packet(REQUEST.init, [uint32(3)]));
    this.#sent = [];
  }

  /** How many answers have come that nobody has looked at. */
  unread(): number {
    return this.#sent.splice(0).length;
  }

  ask(type: number, ...pieces: readonly Buffer[]): TestAnswer {
    this.#id += 1;
    this.server.feed(packet(type, [uint32(this.#id), ...pieces]));
    const [answer, ...more] = this.#sent.splice(0);
    if (!answer || more.length > 0) throw new Error('not one answer');
    const body = new PacketReader(answer.subarray(4));
    const kind = body.byte();
    if (body.uint32() !== this.#id) throw new Error('the answer to something else');
    return { type: kind, body };
  }

  /** @returns the status, 0 when all is well; undefined where the answer is another one */
  status(type: number, ...pieces: readonly Buffer[]): number | undefined {
    const { type: kind, body } = this.ask(type, ...pieces);
    return kind === ANSWER.status ? body.uint32() : undefined;
  }

  /** @returns what is in the file, or the status */
  read(path: string): string | number {
    const opened = this.ask(REQUEST.open, string(path), uint32(1), NO_ATTRIBUTES);
    if (opened.type !== ANSWER.handle) return opened.body.uint32();
    const handle = string(opened.body.string());
    const { type, body } = this.ask(REQUEST.read, handle, Buffer.alloc(8), uint32(1000));
    const text = type === ANSWER.data ? body.string().toString() : '';
    this.status(REQUEST.close, handle);
    return text;
  }

  write(path: string, text: string): number | undefined {
    const opened = this.ask(REQUEST.open, string(path), uint32(2 | 8 | 0x10), NO_ATTRIBUTES);
    if (opened.type !== ANSWER.handle) return opened.body.uint32();
    const handle = string(opened.body.string());
    const said = this.status(REQUEST.write, handle, Buffer.alloc(8), string(text));
    this.status(REQUEST.close, handle);
    return said;
  }

  list(path: string): string[] {
    const handle = string(this.ask(REQUEST.opendir, string(path)).body.string());
    const names: string[] = [];
    for (;;) {
      const { type, body } = this.ask(REQUEST.readdir, handle);
      if (type !== ANSWER.name) break;
      for (let left = body.uint32(); left > 0; left -= 1) {
        names.push(body.string().toString());
        body.string();
        for (let at = 0; at < 8; at += 1) body.uint32();
      }
    }
    this.status(REQUEST.close, handle);
    return names.toSorted();
  }

  [Symbol.dispose](): void {
    this.server[Symbol.dispose]();
    this.#beneath[Symbol.dispose]();
  }
}
