/** The kept connections of one guest: three lanes and, where there is one, its address. */
import { sessionUser } from '../agent-calls.ts';
import { ConnectionKeeper, type KeeperState } from '../lane.ts';
import type { AddressPort, LanePort } from '../lane-port.ts';
import { connectSsh } from '../ssh/connect.ts';
import { type Deadlines, patient } from '../ssh/deadlines.ts';
import { parseHostKey } from '../ssh/host-key.ts';
import type { SshShell } from '../ssh/shell.ts';
import { ReachFailure } from '../ssh/failure.ts';
import { timeLimit } from '../ssh/time-limit.ts';
import { reachKept } from './kept.ts';

export interface RouteOptions {
  readonly lanes: LanePort;
  readonly address: AddressPort | undefined;
  readonly keys: { readonly controlPrivate: string; readonly sessionPrivate: string; readonly hostPublic: string; readonly guestHostPublic: string };
  readonly controlUser: string;
  readonly defaultUser: string;
  readonly lastUser?: string | undefined;
  readonly userLearnt?: ((user: string) => void) | undefined;
  /** Where Holdfast's programs are in the guest. */
  readonly agentDir: string;
  readonly deadlines: Deadlines;
  /** The guest is emulated. */
  readonly slow: boolean;
  readonly failed: (route: string, error: unknown) => void;
  readonly controlChanged: (state: KeeperState) => void;
  /** The control lane waits until it is begun. */
  readonly controlLater: boolean;
}

export interface GuestRoutes {
  readonly control: ConnectionKeeper;
  readonly session: ConnectionKeeper;
  readonly bulk: ConnectionKeeper;
  readonly address: ConnectionKeeper | undefined;
  readonly all: readonly ConnectionKeeper[];
  /** Who logs in on the session lane. */
  readonly user: () => string;
}

/** Whether a guest is held, the control lane tells. The others are asked before each use (kept.ts), and at rest so much more rarely. */
const RARELY = 8;

type Open = (signal: AbortSignal, late: number) => Promise<SshShell>;

export function openRoutes({ lanes, address, keys, controlUser, defaultUser, lastUser, userLearnt, agentDir, deadlines, slow, failed, controlChanged, controlLater }: RouteOptions): GuestRoutes {
  const laneKey = parseHostKey(keys.hostPublic);
  const guestKey = parseHostKey(keys.guestHostPublic);

  const noting = (route: string, open: Open) => async (signal: AbortSignal, late: number): Promise<SshShell> => {
    try {
      return await open(signal, late);
    } catch (error) {
      failed(route, error);
      throw error;
    }
  };
  type LaneName = 'control' | 'session' | 'bulk';
  const atRest: Deadlines = { ...deadlines, keepalive: RARELY * deadlines.keepalive };
  const connect = (lane: LaneName, user: string, privateKey: string, signal: AbortSignal, late: number) =>
    connectSsh({ connect: (limit) => lanes.connect(lane, limit), doorman: true, slow, deadlines: patient(lane === 'control' ? deadlines : atRest, late) }, { user, privateKey, hostKey: laneKey }, signal);
  const onLane = (lane: LaneName, open: Open) =>
    ({ isOpposite: () => lanes.isGuestOpen(lane), open: noting(`its ${lane} lane`, open) });

  const control = new ConnectionKeeper({ ...onLane('control', (signal, late) => connect('control', controlUser, keys.controlPrivate, signal, late)), eager: !controlLater, onChange: controlChanged });
  /** Nearly always it is the usual name; where that is refused, the guest knows whom its cloud-init made. */
  let user = lastUser ?? defaultUser;
  const asUser = (lane: LaneName): Open => async (signal, late) => {
    try {
      return await connect(lane, user, keys.sessionPrivate, signal, late);
    } catch (error) {
      if (!(error instanceof ReachFailure) || error.stage !== 'refused') throw error;
      const known = await askUser(signal);
      if (known === undefined || known === user) throw error;
      user = known;
      const shell = await connect(lane, user, keys.sessionPrivate, signal, late);
      userLearnt?.(user);
      return shell;
    }
  };
  const askUser = async (signal: AbortSignal): Promise<string | undefined> => {
    using limit = timeLimit(deadlines.ping, signal);
    const shell = control.isFailing ? undefined : await reachKept(control, limit.signal).catch(() => undefined);
    return shell && await sessionUser(shell, agentDir, defaultUser, deadlines.channel, signal);
  };
  const session = new ConnectionKeeper({ ...onLane('session', asUser('session')), eager: false });
  const bulk = new ConnectionKeeper({ ...onLane('bulk', asUser('bulk')), eager: false });
  const byAddress = address && new ConnectionKeeper({
    eager: false,
    open: noting('its address', async (signal, late) => await connectSsh(
      { connect: (limit) => address.connect(limit), doorman: false, slow, deadlines: patient(deadlines, late) },
      { user: defaultUser, privateKey: keys.sessionPrivate, hostKey: guestKey }, signal,
    )),
  });
  return { user: () => user, control, session, bulk, address: byAddress, all: [control, session, bulk, ...(byAddress ? [byAddress] : [])] };
}
