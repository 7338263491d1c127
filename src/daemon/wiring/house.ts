/** What every action on instances needs, constructed on an open home. */
import { hostname } from 'node:os';
import type { HomeLayout } from '../../core/home.ts';
import type { TcpAddress } from '../../core/server-address.ts';
import type { Driver } from '../../drivers/driver.ts';
import { openDb, type Db } from '../../store/db.ts';
import { instanceStore } from '../../store/instances.ts';
import { networkHistoryStore } from '../../store/network-history.ts';
import { operationStore, type OperationStore } from '../../store/operations.ts';
import { settingStore } from '../../store/settings.ts';
import { snapshotStore } from '../../store/snapshots.ts';
import { eventHub } from '../event-hub.ts';
import { act } from '../instances/actions.ts';
import { delayedStops, type DelayedStops } from '../instances/delayed-stop.ts';
import type { House } from '../instances/house.ts';
import { Registry } from '../instances/registry.ts';
import type { Log } from '../log/log.ts';
import { remedyFor } from '../log/remedies.ts';
import { MountKeeper } from '../mounts/mount-keeper.ts';
import type { HomeNetworkPort } from '../network/port.ts';
import { OperationEngine } from '../operations/engine.ts';
import { zoneBook } from '../zones/zone-book.ts';
import { dieAt } from './die-at.ts';
import { openImages, type HomeImages } from './images.ts';

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

export interface HouseParts {
  /** Holds what goes into guests (agent/) and image builds (recipe/). */
  readonly assetsDir: string;
  /** images/streams/products-worker, as a thread can be started of it. */
  readonly productsScript: string;
  /** host/sftp/main, as a process can be started of it. */
  readonly sftpScript: string;
  readonly makeDriver: (parts: DriverParts) => Driver;
  /** Where instances can have a network of their home's own. */
  readonly makeNetwork?: (parts: NetworkParts) => HomeNetworkPort;
}

export interface HouseSurroundings {
  readonly layout: HomeLayout;
  readonly log: Log;
  readonly bug: (where: string, error: unknown) => void;
  /** As House has them. */
  readonly onSetting: () => void;
  readonly listenAt: (address: TcpAddress | undefined) => Promise<void>;
}

export interface OpenHouse {
  readonly house: House;
  readonly operations: OperationStore;
  readonly images: HomeImages;
}

/** @throws home-too-new, home-unusable */
export async function openHouse({ assetsDir, productsScript, sftpScript, makeDriver, makeNetwork }: HouseParts, { layout, log, bug, onSetting, listenAt }: HouseSurroundings): Promise<OpenHouse> {
  const db = openDb(layout.data.database);
  const events = eventHub();
  const operations = operationStore(db);
  const settings = settingStore(db);
  const engine = new OperationEngine(operations, events, {
    onStep: dieAt(process.env['HOLDFAST_DIE_AT']),
    onBug: (kind, instance, error) => bug(`${kind} of ${instance ?? 'nothing'}`, error),
  });
  const images = await openImages({ directory: layout.data.images, assetsDir, productsScript, settings, engine, log });
  const registry = new Registry();
  const network = makeNetwork?.({ layout, log: (cause, message, remedy) => log.line(cause, null, message, remedy) });
  const driver = makeDriver({
    network,
    layout,
    resolveImage: (digest, format) => images.store.pathOf({ digest, format }),
    log: (id, cause, message) => {
      const name = registry.byId(id)?.name ?? id;
      log.line(cause, name, message, remedyFor(cause, name));
    },
  });
  const house: House = {
    ...storesOf(db), delayed: stopsOf(() => house, log), zones: zoneBook(settings), mounts: new MountKeeper(sftpScript), images: images.service,
    registry, settings, driver, network, engine, hostEnd: new AbortController(), events, log, onSetting, listenAt, node: hostname(), owner: process.getuid?.() ?? 0,
  };
  return { house, operations, images };
}

function storesOf(db: Db): Pick<House, 'store' | 'history' | 'snapshots'> {
  return { store: instanceStore(db), history: networkHistoryStore(db), snapshots: snapshotStore(db) };
}

/** @param house  is asked for when one is due: it holds them itself */
function stopsOf(house: () => House, log: Log): DelayedStops {
  return delayedStops(
    ({ name }) => void act(house(), name, { action: 'stop' }),
    ({ name }, error) => log.line('delayed-stop', name, `it was to be stopped now, and is not yet: ${error instanceof Error ? error.message : String(error)}`, `stop it: holdfast stop ${name}`),
  );
}
