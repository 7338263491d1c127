/** Runs a daemon on its home: takes over what runs, serves, and lets go without stopping a VM. */
import { join } from 'node:path';
import { hostname } from 'node:os';
import { VERSION } from '../core/version.ts';
import type { HomeLayout } from '../core/home.ts';
import type { ServerAddress } from '../core/server-address.ts';
import type { Driver } from '../drivers/driver.ts';
import { buildDebian, sweepBuilds } from '../images/build/build-debian.ts';
import { imageDownloads } from '../images/download/downloads.ts';
import { openWeb } from '../images/download/request.ts';
import { run as runProgram } from '../images/run.ts';
import { openImageStore } from '../images/store.ts';
import { hostBootId } from '../host/process/identity.ts';
import { openDb } from '../store/db.ts';
import { instanceStore } from '../store/instances.ts';
import { networkHistoryStore } from '../store/network-history.ts';
import { operationStore } from '../store/operations.ts';
import { snapshotStore } from '../store/snapshots.ts';
import { trustedClients } from '../store/trusted-clients.ts';
import { settingStore } from '../store/settings.ts';
import { callers } from './callers.ts';
import { attachConsole } from './console.ts';
import { makeDoctor } from './doctor/doctor.ts';
import { eventHub } from './event-hub.ts';
import { execIn } from './exec.ts';
import { serveExec } from './http/exec-socket.ts';
import { makeHandlers } from './http/handlers.ts';
import { buildServer, type Identify } from './http/server.ts';
import { mountSockets } from './http/sockets.ts';
import { serveStream } from './http/stream-socket.ts';
import { imageService } from './images.ts';
import { clockJumped } from './guest-clocks.ts';
import { act } from './instances/actions.ts';
import { delayedStops } from './instances/delayed-stop.ts';
import { isManagerEnding, shutDownGuests } from './instances/host-end.ts';
import { comeBack, hostStart } from './instances/come-back.ts';
import { keepImagesPruned } from './image-pruning.ts';
import type { House } from './instances/house.ts';
import { giveUpBridges } from './network/host-bridges.ts';
import type { HomeNetworkPort } from './network/port.ts';
import { Registry } from './instances/registry.ts';
import { openLog } from './log.ts';
import { OperationEngine } from './operations/engine.ts';
import { MountKeeper } from './mounts/mount-keeper.ts';
import { proxyTo } from './proxy.ts';
import { ADDRESS_KEY, PASSPHRASE_KEY } from './settings.ts';
import { makeTrust } from './trust/authenticate.ts';
import { clientBook } from './trust/client-book.ts';
import { remedyFor } from './remedies.ts';
import { openRemotes, remoteImages } from './remote-images.ts';
import { takeOver } from './recovery.ts';
import { keepTemplatesTidy } from './templates.ts';
import { zoneBook } from './zones/zone-book.ts';
import { watchUpdates } from './updates.ts';
import { watchClock } from './wiring/clock-watch.ts';
import { dieAt } from './wiring/die-at.ts';
import { watchTheUncaught } from './wiring/last-resort.ts';
import { openHome } from './wiring/home.ts';
import { listenBeside, listenOn } from './wiring/listen.ts';
import type { Contract } from './wiring/multipassd.ts';
import { listenOnTcp, tlsDoor, type TlsDoor } from './wiring/tls-door.ts';
import { admitMembers, userSockets } from './wiring/user-sockets.ts';

export interface DriverParts {
  readonly layout: HomeLayout;
  readonly resolveImage: (digest: string, format: 'qcow2' | 'raw') => string;
  readonly log: (id: string, cause: string, message: string) => void;
  readonly network: HomeNetworkPort | undefined;
}

export interface NetworkParts {
  readonly layout: HomeLayout;
  readonly log: (cause: string, message: string, remedy?: string) => void;
}

export interface DaemonParts {
  /** Holds what goes into guests (agent/) and image builds (recipe/). */
  readonly assetsDir: string;
  /** images/streams/products-worker, as a thread can be started of it. */
  readonly productsScript: string;
  /** host/sftp/main, as a process can be started of it. */
  readonly sftpScript: string;
  readonly makeDriver: (parts: DriverParts) => Driver;
  /** uids of others who are served too, each by a socket of his own; asked again and again. Nobody when absent. */
  readonly members?: (() => Promise<readonly number[]>) | undefined;
  /** Where to listen besides the home's socket; where it names none on TCP, local.address decides. */
  readonly address?: ServerAddress | undefined;
  /** Of a service manager that keeps it under Multipass's name. */
  readonly contract?: Contract | undefined;
  /** Where instances can have a network of their home's own. */
  readonly makeNetwork?: (parts: NetworkParts) => HomeNetworkPort;
}

/** A remote that is silent for so long is not waited for. */
const CATALOGUE_STALL_MS = 10_000;

/** Resolves once it listens; the process then goes on until it is told to end. @throws home-unusable, home-too-new, daemon-already-running */
export async function serve({ assetsDir, productsScript, sftpScript, makeDriver, makeNetwork, members, contract, address }: DaemonParts): Promise<void> {
  process.title = 'holdfastd';
  const home = openHome();
  const { data, run } = home.layout;
  const log = openLog(data.log, Date.now, contract?.echo);
  const db = openDb(data.database);
  const events = eventHub();
  const operations = operationStore(db);
  const bug = (where: string, error: unknown) =>
    log.line(`bug in ${where}`, null, `bug in ${where}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`, 'please report this');

  watchTheUncaught(bug);
  // Of a terminal that was closed, or a reload of the service: nothing to end for.
  process.on('SIGHUP', () => {});
  const settings = settingStore(db);
  const engine = new OperationEngine(operations, events, {
    onStep: dieAt(process.env['HOLDFAST_DIE_AT']),
    onBug: (kind, instance, error) => bug(`${kind} of ${instance ?? 'nothing'}`, error),
  });
  const imageStore = openImageStore(data.images);
  const buildDir = join(data.images, 'build');
  // Rubbish that stays is no reason to serve nobody.
  const downloads = imageDownloads({ store: imageStore, directory: join(data.images, 'downloads'), env: process.env, now: () => new Date(), random: Math.random });
  const catalogues = openRemotes({
    directory: join(data.images, 'catalogue'), keysDirectory: join(assetsDir, 'keys'), productsScript, env: process.env, setting: (key) => settings.get(key),
    ask: openWeb({ env: process.env, answerMs: CATALOGUE_STALL_MS }), stallMs: CATALOGUE_STALL_MS, run: runProgram, now: () => Date.now(),
    log: (remote, message) => log.line(`remote ${remote}`, null, message, 'what was known before is still used'),
  });
  const remotes = remoteImages(catalogues);
  for (const sweep of [() => imageStore.sweep(), () => sweepBuilds(buildDir), () => downloads.sweep(), () => catalogues.sweep()]) {
    await sweep().catch((error: unknown) => log.line('sweep', null, `what was left in ${data.images} cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'see who owns it; the next daemon tries again'));
  }
  const images = imageService({
    store: imageStore,
    engine,
    downloads,
    remotes,
    build: (what, architecture, force, { signal, progress }) => buildDebian({
      store: imageStore, assetsDir, buildDir, env: process.env, now: () => new Date(),
      packageCacheDir: process.env['HOLDFAST_PACKAGE_CACHE'],
    }, { what, architecture, force, signal, progress, mirror: process.env['HOLDFAST_MIRROR'] }),
  });

  /** A setting that is for all was changed; `leave` is called once whoever changed it has his answer. */
  const changed: { setting: boolean; leave: (() => void) | undefined } = { setting: false, leave: undefined };
  /** There once the server is. */
  let tls: TlsDoor | undefined;
  const registry = new Registry();
  const network = makeNetwork?.({ layout: home.layout, log: (cause, message, remedy) => log.line(cause, null, message, remedy) });
  const driver = makeDriver({
    network,
    layout: home.layout,
    resolveImage: (digest, format) => imageStore.pathOf({ digest, format }),
    log: (id, cause, message) => {
      const name = registry.byId(id)?.name ?? id;
      log.line(cause, name, message, remedyFor(cause, name));
    },
  });
  const house: House = {
    delayed: delayedStops(
      ({ name }) => void act(house, name, { action: 'stop' }),
      ({ name }, error) => log.line('delayed-stop', name, `it was to be stopped now, and is not yet: ${error instanceof Error ? error.message : String(error)}`, `stop it: holdfast stop ${name}`),
    ),
    registry, store: instanceStore(db), history: networkHistoryStore(db), snapshots: snapshotStore(db), settings, zones: zoneBook(settings), mounts: new MountKeeper(sftpScript), driver, network, images, engine, events, log,
    node: hostname(), owner: process.getuid?.() ?? 0,
    onSetting: () => { changed.setting = true; },
    // What it was told at its start goes before: the setting is kept for the next one.
    listenAt: async (at) => { if (!address || 'unix' in address) await tls?.listen(at); },
  };
  const trusted = trustedClients(data.trusted);
  const clients = clientBook({ clients: trusted, connections: () => tls?.connections, log, now: Date.now });
  const trust = makeTrust({ clients: trusted, kept: () => settings.get(PASSPHRASE_KEY) ?? '', log });
  const known = callers(house, data.log, trust);
  const door = userSockets(run.directory, house.owner);
  const identify: Identify = (socket, route) => {
    const remote = tls?.callerOf(socket);
    return remote ? known.remoteView(remote, route) : known.view(door.callerOf(socket), route);
  };
  const host = hostStart(house.settings, await hostBootId());
  await takeOver(house, operations, host.restarted);
  host.remember();
  // One that could not be taken over yet may run.
  void network?.tidy((id) => { const found = registry.byId(id); return found !== undefined && (found.machine !== undefined || found.state === 'Unknown'); })
    .then(() => giveUpBridges(house))
    .catch((error: unknown) => log.line('sweep', null, `what is left of the home's network cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'the next daemon tries again'));
  await keepTemplatesTidy(driver.templates, log);
  keepImagesPruned(house, imageStore);

  const updates = watchUpdates(process.env['HOLDFAST_RELEASES'], VERSION, (why) => log.line('updates', null, why));
  const server = await buildServer(
    makeHandlers({ doctor: makeDoctor({ layout: home.layout, version: VERSION }), version: VERSION, home: home.layout.home, updates, trust, clients }), identify, VERSION, (error, what) => bug(what, error),
  );
  server.addHook('onResponse', (_request, _reply, done) => {
    done();
    if (changed.setting) changed.leave?.();
  });
  mountSockets(server.server, identify, {
    exec: (socket, instance, caller) => serveExec(socket, instance, async (name, request, tell, signal) => await execIn(caller.house, name, request, tell, signal), (error) => bug('exec', error)),
    proxy: (socket, instance, caller) => serveStream(socket, instance, async (name, tell, signal) => await proxyTo(caller.house, name, tell, signal), (error) => bug('proxy', error)),
    console: (socket, instance, caller) => serveStream(socket, instance, async (name) => await attachConsole(caller.house, name), (error) => bug('console', error)),
  });
  await listenOn(server, run.socket);
  const byAddress = address && 'unix' in address ? await listenBeside(server.server, address.unix) : undefined;
  tls = tlsDoor({ server: server.server, trust, identity: data.identity, commonName: `holdfastd on ${house.node}`, log: (message) => log.line(`tls ${message}`, null, message) });
  await listenOnTcp(tls, address, settings.get(ADDRESS_KEY) ?? '', log);
  if (members) await admitMembers(door, server.server, members, (message) => log.line('members', null, message, 'they are looked up again in half a minute'));
  watchClock((ms) => void clockJumped(registry.all, ms, log));
  remotes.keepFresh();
  house.delayed.resume(registry.all);
  void comeBack(house, 'the host\'s restart').catch((error: unknown) => bug('coming back', error));
  log.line('start', null, `holdfastd ${VERSION} serves ${run.socket}`);

  // What is under way is left as kill -9 would leave it: the next daemon finishes or undoes it. VMs go on.
  const leave = (code: number, why: string) => {
    log.line('end', null, `holdfastd ${why}`);
    server.server.closeAllConnections();
    server.server.close();
    byAddress?.[Symbol.dispose]();
    tls?.close();
    home[Symbol.dispose]();
    process.exit(code);
  };
  process.once('SIGINT', () => leave(0, 'was told to end; VMs go on'));
  process.once('SIGTERM', () => void (async () => {
    const isHostEnding = await isManagerEnding(process.env, house.owner === 0);
    if (isHostEnding) await shutDownGuests(house);
    leave(0, isHostEnding ? 'ends with its host, and its guests have' : 'was told to end; VMs go on');
  })());
  if (contract) changed.leave = () => leave(contract.exitAfterSetting, 'ends to be started again, since a setting was changed; VMs go on');
}
