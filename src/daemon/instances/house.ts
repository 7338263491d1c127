/** What every action on instances needs, constructed once, in wiring/house.ts. */
import type { Architecture } from '../../core/instance.ts';
import type { TcpAddress } from '../../core/server-address.ts';
import type { Driver } from '../../drivers/driver.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';
import type { InstanceStore } from '../../store/instances.ts';
import type { NetworkHistoryStore } from '../../store/network-history.ts';
import type { SnapshotStore } from '../../store/snapshots.ts';
import type { SettingStore } from '../../store/settings.ts';
import type { EventHub } from '../event-hub.ts';
import type { ImageService } from '../images/service.ts';
import type { Log } from '../log/log.ts';
import type { MountKeeper } from '../mounts/mount-keeper.ts';
import type { HomeNetworkPort } from '../network/port.ts';
import type { OperationEngine } from '../operations/engine.ts';
import type { DelayedStops } from './delayed-stop.ts';
import type { Registry } from './registry.ts';
import type { ZoneBook } from '../zones/zone-book.ts';

export interface House {
  readonly registry: Registry;
  readonly store: InstanceStore;
  /** Of guests' netplan files. */
  readonly history: NetworkHistoryStore;
  readonly snapshots: SnapshotStore;
  readonly driver: Driver;
  /** The home's own network, where this daemon can make one. */
  readonly network: HomeNetworkPort | undefined;
  /** Directories of the host in guests that run. */
  readonly mounts: MountKeeper;
  readonly zones: ZoneBook;
  readonly delayed: DelayedStops;
  readonly images: ImageService;
  readonly settings: SettingStore;
  readonly engine: OperationEngine;
  /** Aborted when the host goes down: nothing is started any more. */
  readonly hostEnd: AbortController;
  readonly events: EventHub;
  readonly log: Log;
  /** The machine that all this runs on. */
  readonly node: string;
  /** Called when a setting that is for all has another value now. */
  readonly onSetting?: () => void;
  /** Listens on TCP there and nowhere else from now on. @throws home-unusable */
  readonly listenAt?: (address: TcpAddress | undefined) => Promise<void>;
  /** Set in a caller's view of the house (callers.ts): he is not who runs the daemon, and the host is not his to change. */
  readonly visited?: true;
  /** Also there: he comes in over the network, and is given nothing of the host. */
  readonly remote?: true;
  /** uid of the caller whose view it is, or of who runs the daemon: what is launched is his. */
  readonly owner: number;
}

/** Multipass's: for each stage of a start, and for a shutdown. */
const DEFAULT_TIMEOUT_S = 300;
/** Of a machine whose processor is translated in software, whatever the host has. */
const FOREIGN_TIMEOUT_S = 1200;

/** In seconds, where nobody said how long to wait. */
export function defaultTimeout(architecture: Architecture): number {
  return architecture === HOST_ARCHITECTURE ? DEFAULT_TIMEOUT_S : FOREIGN_TIMEOUT_S;
}
