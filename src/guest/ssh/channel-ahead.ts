/**
 * A session channel that is open before its command is known. A connection that was quiet is asked whether somebody is there
 * before it gets a command; to ask for a channel is such a question, and the command then does without a round trip of its own.
 * ssh2 opens a channel and asks for the command in one call; here that is two, by the same parts of it (its client.js:
 * openChannel and reqExec), which its types do not tell.
 */
import type { Client, ClientChannel } from 'ssh2';

/** As ssh2 gives every channel of its own. */
const [WINDOW, PACKET] = [2 * 1024 * 1024, 32 * 1024];

type Opened = (error: Error | undefined, channel: ClientChannel) => void;

interface Insides {
  readonly _chanMgr: { add(opened: Opened & { type: 'session' }): number };
  readonly _protocol: { session(id: number, window: number, packet: number): void; exec(id: number, line: string, wantReply: true): void };
}

interface ChannelInsides {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _callbacks: ((failed: Error | boolean) => void)[];
  subtype: string;
}

export class ChannelAhead {
  readonly #client: Client & Insides;
  #channel: ClientChannel | undefined;
  #isAsked = false;

  constructor(client: Client) {
    this.#client = client as Client & Insides;
  }

  /** What waits for its command. */
  get channel(): ClientChannel | undefined {
    return this.#channel;
  }

  /**
   * @param answered  called when the guest has answered, with a channel or with a refusal; and when the connection ends first
   * @returns false where none can be asked for, there is one, or one is on its way
   */
  open(answered: () => void): boolean {
    if (this.#channel !== undefined || this.#isAsked) return false;
    const opened = (error: Error | undefined, channel: ClientChannel): void => {
      this.#isAsked = false;
      if (!error) this.#keep(channel);
      answered();
    };
    const id = this.#client._chanMgr.add(Object.assign(opened, { type: 'session' as const }));
    if (id < 0) return false;
    this.#isAsked = true;
    this.#client._protocol.session(id, WINDOW, PACKET);
    return true;
  }

  #keep(channel: ClientChannel): void {
    this.#channel = channel;
    // Nobody else listens yet, and an error that nobody hears would end the daemon.
    for (const stream of [channel, channel.stderr]) stream.on('error', () => {});
    channel.once('close', () => { if (this.#channel === channel) this.#channel = undefined; });
  }

  /** Runs a command on the channel that waits. @param opened  as of ssh2's `exec`  @returns false where there is none */
  exec(line: string, opened: Opened): boolean {
    const channel = this.#channel;
    if (!channel) return false;
    this.#channel = undefined;
    const { outgoing, _callbacks: answers } = channel as unknown as ChannelInsides;
    // A guest has nothing to say on a channel that has no command.
    if (outgoing.state !== 'open' || channel.readableLength + channel.stderr.readableLength > 0) {
      channel.close();
      return false;
    }
    answers.push((failed) => {
      (channel as unknown as ChannelInsides).subtype = 'exec';
      opened(failed === false ? undefined : failed === true ? new Error('Unable to exec') : failed, channel);
    });
    this.#client._protocol.exec(outgoing.id, line, true);
    return true;
  }
}
