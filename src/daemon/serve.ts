/** Runs a daemon on its home: takes over what runs, serves, and lets go without stopping a VM. */
import { join } from 'node:path';
import { hostname } from 'node:os';
import { VERSION } from '../core/version.ts';
import type { HomeLayout } from '../core/home.ts';
import type { Driver } from '../drivers/driver.ts';
import { buildDebian, sweepBuilds } from '../images/build/build-debian.ts';
import { openImageStore } from '../images/store.ts';
import { openDb } from '../store/db.ts';
import { instanceStore } from '../store/instances.ts';
import { operationStore } from '../store/operations.ts';
import { settingStore } from '../store/settings.ts';
import { eventHub } from './event-hub.ts';
import { execIn } from './exec.ts';
import { mountExecSocket } from './http/exec-socket.ts';
import { makeHandlers } from './http/handlers.ts';
import { buildServer } from './http/server.ts';
import { imageService } from './images.ts';
import type { House } from './instances/house.ts';
import { Registry } from './instances/registry.ts';
import { openLog } from './log.ts';
import { logReader } from './log-reader.ts';
import { OperationEngine } from './operations/engine.ts';
import { remedyFor } from './remedies.ts';
import { takeOver } from './recovery.ts';
import { makeSettings } from './settings.ts';
import { watchClock } from './wiring/clock-watch.ts';
import { dieAt } from './wiring/die-at.ts';
import { watchTheUncaught } from './wiring/last-resort.ts';
import { openHome } from './wiring/home.ts';
import { listenOn } from './wiring/listen.ts';

export interface DriverParts {
  readonly layout: HomeLayout;
  readonly resolveImage: (digest: string, format: 'qcow2' | 'raw') => string;
  readonly log: (id: string, cause: string, message: string) => void;
}

export interface DaemonParts {
  /** Holds what goes into guests (agent/) and image builds (recipe/). */
  readonly assetsDir: string;
  readonly makeDriver: (parts: DriverParts) => Driver;
}

/** Resolves once it listens; the process then goes on until it is told to end. @throws home-unusable, home-too-new, daemon-already-running */
export async function serve({ assetsDir, makeDriver }: DaemonParts): Promise<void> {
  process.title = 'holdfastd';
  const home = openHome();
  const { data, run } = home.layout;
  const log = openLog(data.log);
  const db = openDb(data.database);
  const events = eventHub();
  const operations = operationStore(db);
  const bug = (where: string, error: unknown) =>
    log.line(`bug in ${where}`, null, `bug in ${where}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`, 'please report this');

  watchTheUncaught(bug);
  const engine = new OperationEngine(operations, events, {
    onStep: dieAt(process.env['HOLDFAST_DIE_AT']),
    onBug: (kind, instance, error) => bug(`${kind} of ${instance ?? 'nothing'}`, error),
  });
  const imageStore = openImageStore(data.images);
  const buildDir = join(data.images, 'build');
  // Rubbish that stays is no reason to serve nobody.
  for (const sweep of [() => imageStore.sweep(), () => sweepBuilds(buildDir)]) {
    await sweep().catch((error: unknown) => log.line('sweep', null, `what was left in ${data.images} cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'see who owns it; the next daemon tries again'));
  }
  const images = imageService({
    store: imageStore,
    engine,
    build: (what, force, { signal, progress }) => buildDebian({
      store: imageStore, assetsDir, buildDir, env: process.env, now: () => new Date(),
      packageCacheDir: process.env['HOLDFAST_PACKAGE_CACHE'],
    }, { what, force, signal, progress, mirror: process.env['HOLDFAST_MIRROR'] }),
  });

  const registry = new Registry();
  const driver = makeDriver({
    layout: home.layout,
    resolveImage: (digest, format) => imageStore.pathOf({ digest, format }),
    log: (id, cause, message) => {
      const name = registry.byId(id)?.name ?? id;
      log.line(cause, name, message, remedyFor(cause, name));
    },
  });
  const house: House = {
    registry, store: instanceStore(db), settings: settingStore(db), driver, images, engine, events, log,
    node: hostname(), owner: process.getuid?.() ?? 0,
  };
  const settings = makeSettings(house.settings, house);
  await takeOver(house, operations);
  await driver.templates?.tidy().catch((error: unknown) => log.line('sweep', null, `old templates cannot be cleared away: ${error instanceof Error ? error.message : String(error)}`, 'the next daemon tries again'));

  const server = await buildServer(
    makeHandlers({ house, settings, logs: logReader(house, data.log), version: VERSION, home: home.layout.home }), VERSION,
    (error, what) => bug(what, error),
  );
  mountExecSocket(server.server, (name, request, tell, signal) => execIn(house, name, request, tell, signal), (error) => bug('exec', error));
  await listenOn(server, run.socket);
  watchClock((ms) => {
    log.line('clock', null, `the host's clock jumped by ${Math.round(ms / 1000)} s (it slept, or was set); every guest is looked at anew`);
    for (const { machine } of registry.all) machine?.guest.wake();
  });
  log.line('start', null, `holdfastd ${VERSION} serves ${run.socket}`);

  // What is under way is left as kill -9 would leave it: the next daemon finishes or undoes it. VMs go on.
  const leave = () => {
    log.line('end', null, 'holdfastd was told to end; VMs go on');
    server.server.closeAllConnections();
    server.server.close();
    home[Symbol.dispose]();
    process.exit(0);
  };
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
}
