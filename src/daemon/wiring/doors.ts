/** The ways into a daemon: its home's socket and one for each member, another that was asked for, TLS; and who comes in by which. */
import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { HomeLayout } from '../../core/home.ts';
import type { ServerAddress, TcpAddress } from '../../core/server-address.ts';
import { VERSION } from '../../core/version.ts';
import { trustedClients } from '../../store/trusted-clients.ts';
import { callers } from '../callers.ts';
import { makeDoctor } from '../doctor/doctor.ts';
import { attachConsole } from '../entering/console.ts';
import { execIn } from '../entering/exec.ts';
import { proxyTo } from '../entering/proxy.ts';
import { serveExec } from '../http/exec-socket.ts';
import { makeHandlers } from '../http/handlers/handlers.ts';
import { buildServer, type Identify } from '../http/server.ts';
import { mountSockets } from '../http/sockets.ts';
import { serveStream } from '../http/stream-socket.ts';
import type { House } from '../instances/house.ts';
import type { Log } from '../log/log.ts';
import { ADDRESS_KEY, PASSPHRASE_KEY } from '../settings/rules.ts';
import { makeTrust, type Trust } from '../trust/authenticate.ts';
import { clientBook, type ClientBook } from '../trust/client-book.ts';
import { watchUpdates } from '../updates.ts';
import { listenBeside, listenOn } from './listen.ts';
import { listenOnTcp, tlsDoor, type TlsDoor } from './tls-door.ts';
import { admitMembers, userSockets } from './user-sockets.ts';
import { listenAsUsual } from './usual-socket.ts';

export interface DoorsParts {
  readonly layout: HomeLayout;
  /** Where to listen besides the home's socket; where it names none on TCP, local.address decides. */
  readonly address: ServerAddress | undefined;
  /** The home whose socket leads here as well. */
  readonly usual: HomeLayout | undefined;
  /** uids of others who are served too, each by a socket of his own; asked again and again. Nobody when absent. */
  readonly members: (() => Promise<readonly number[]>) | undefined;
  readonly log: Log;
  readonly bug: (where: string, error: unknown) => void;
}

export class Doors implements Disposable {
  /** Called once whoever changed a setting that is for all has his answer. */
  afterSetting: (() => void) | undefined;
  readonly #parts: DoorsParts;
  #settingChanged = false;
  /** These are there once it is open. */
  #server: Server | undefined;
  #beside: Disposable | undefined;
  #usual: Disposable | undefined;
  #tls: TlsDoor | undefined;

  constructor(parts: DoorsParts) {
    this.#parts = parts;
  }

  settingChanged(): void {
    this.#settingChanged = true;
  }

  /** What the daemon was told at its start goes before: the setting is kept for the next one. @throws home-unusable */
  async listenAt(at: TcpAddress | undefined): Promise<void> {
    const { address } = this.#parts;
    if (!address || 'unix' in address) await this.#tls?.listen(at);
  }

  /** @throws home-unusable  it cannot listen where it was told to */
  async open(house: House): Promise<void> {
    const { layout, address, usual, members, log } = this.#parts;
    const trusted = trustedClients(layout.data.trusted);
    const clients = clientBook({ clients: trusted, connections: () => this.#tls?.connections, log, now: Date.now });
    const trust = makeTrust({ clients: trusted, kept: () => house.settings.get(PASSPHRASE_KEY) ?? '', log });
    const known = callers(house, layout.data.log, trust);
    const users = userSockets(layout.run.directory, house.owner);
    const server = await this.#serve(trust, clients, (socket, route) => {
      const remote = this.#tls?.callerOf(socket);
      return remote ? known.remoteView(remote, route) : known.view(users.callerOf(socket), route);
    });
    await listenOn(server, layout.run.socket);
    if (address && 'unix' in address) this.#beside = await listenBeside(server.server, address.unix);
    if (usual) this.#usual = await listenAsUsual(server.server, usual, log);
    this.#tls = tlsDoor({ server: server.server, trust, identity: layout.data.identity, commonName: `holdfastd on ${house.node}`, log: (message) => log.line(`tls ${message}`, null, message) });
    await listenOnTcp(this.#tls, address, house.settings.get(ADDRESS_KEY) ?? '', log);
    if (members) await admitMembers(users, server.server, members, (message) => log.line('members', null, message, 'they are looked up again in half a minute'));
  }

  [Symbol.dispose](): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#beside?.[Symbol.dispose]();
    this.#usual?.[Symbol.dispose]();
    this.#tls?.close();
  }

  /** What is behind all of them. */
  async #serve(trust: Trust, clients: ClientBook, identify: Identify): Promise<FastifyInstance> {
    const { layout, log, bug } = this.#parts;
    const updates = watchUpdates(process.env['HOLDFAST_RELEASES'], VERSION, (why) => log.line('updates', null, why));
    const handlers = makeHandlers({ doctor: makeDoctor({ layout, version: VERSION }), version: VERSION, home: layout.home, updates, trust, clients });
    const server = await buildServer(handlers, identify, VERSION, (error, what) => bug(what, error));
    server.addHook('onResponse', (_request, _reply, done) => {
      done();
      if (this.#settingChanged) this.afterSetting?.();
    });
    this.#server = server.server;
    mountSockets(server.server, identify, {
      exec: (socket, instance, caller) => serveExec(socket, instance, async (name, request, tell, signal) => await execIn(caller.house, name, request, tell, signal), (error) => bug('exec', error)),
      proxy: (socket, instance, caller) => serveStream(socket, instance, async (name, tell, signal) => await proxyTo(caller.house, name, tell, signal), (error) => bug('proxy', error)),
      console: (socket, instance, caller) => serveStream(socket, instance, async (name) => await attachConsole(caller.house, name), (error) => bug('console', error)),
    });
    return server;
  }
}
