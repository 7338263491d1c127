/** Holds one running guest: the control lane always, the other ways when they are wanted. */
import type { Hold } from '../core/instance.ts';
import { fail } from '../core/errors.ts';
import { AddressQuestion } from './address-question.ts';
import type { GuestAccess, Limits, Reached, Use, UserSsh } from './access.ts';
import { AGENT_DIR } from './agent/bundle.ts';
import { arrive, letCommandsPass } from './arrival.ts';
import { awakeMs } from './awake.ts';
import { setClock } from './clock.ts';
import { holdOf, type HoldFacts } from './hold-level.ts';
import type { HoldOptions } from './hold-options.ts';
import type { KeeperState, KeptShell } from './lane.ts';
import type { Lane } from './lane-port.ts';
import type { Report } from './report.ts';
import { climb, type RungRoute } from './rungs/climb.ts';
import { ConsoleShell } from './rungs/console.ts';
import { reachKept } from './rungs/kept.ts';
import { reachConsole } from './rungs/reach-console.ts';
import { type GuestRoutes, openRoutes } from './rungs/routes.ts';
import { withSudo } from './rungs/sudo.ts';
import { ControlService } from './serve-control.ts';
import type { GuestShell } from './shell.ts';
import { type Deadlines, NATIVE, SLOW } from './ssh/deadlines.ts';
import { clause, ReachFailure } from './ssh/failure.ts';
import { pause, seconds, timeLimit } from './ssh/time-limit.ts';
import { openUserSsh, SSH_SOCKET } from './user-ssh.ts';
import { whyNoLane } from './why-no-lane.ts';

export function holdGuest(options: HoldOptions): GuestAccess {
  return new GuestHold(options);
}

const REVIEW_MS = 1_000;
/** A guest that said nothing for so long after its start will not: other ways into it are looked for. */
const BOOT_MS = { native: 90_000, slow: 300_000 };
const LEAST_PATIENCE_MS = 250;
/** Unanswered, of a connection that is looked at because something happened. */
const SLOW_PINGS = 3;
const NEWS: ReadonlySet<string> = new Set(['host-key', 'login', 'refused']);

class GuestHold implements GuestAccess {
  readonly #options: HoldOptions;
  readonly #deadlines: Deadlines;
  readonly #agentDir: string;
  readonly #routes: GuestRoutes;
  readonly #service: ControlService;
  readonly #address: AddressQuestion | undefined;
  readonly #console: { control: ConsoleShell; session: ConsoleShell } | undefined;
  readonly #holdListeners = new Set<(hold: Hold) => void>();
  readonly #reportListeners = new Set<(report: Report) => void>();
  readonly #end = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #reports: { network: Extract<Report, { type: 'network' }> | undefined; system: Extract<Report, { type: 'system' }> | undefined } = { network: undefined, system: undefined };
  #told: Hold['level'] = 'none';
  /** When the control lane last said anything, on a connection that is gone; by awakeMs(). */
  #heardAt: number | undefined;
  readonly #since = performance.now();
  readonly #expectedAt: number;
  /** When the guest's end of a lane was last seen to close. */
  readonly #closedAt = new Map<Lane, number>();
  #ending = false;
  /** Once for each control connection; later losses wait for whoever wants it. */
  #sessionAsked = false;
  #stir = new AbortController();

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#deadlines = options.deadlines ?? (options.slow ? SLOW : NATIVE);
    this.#agentDir = options.agentDir ?? AGENT_DIR;
    this.#console = options.console && { control: new ConsoleShell(options.console, undefined), session: new ConsoleShell(options.console, options.defaultUser) };
    this.#routes = openRoutes({
      ...options, controlUser: options.controlUser ?? 'root', agentDir: this.#agentDir, deadlines: this.#deadlines,
      failed: (route, error) => this.#note(route, error), controlChanged: (state) => this.#controlChanged(state), controlLater: options.answered === true,
    });
    const heard = (report: Report): void => this.#heard(report);
    const { address } = this.#routes;
    const why = (shell: GuestShell, signal: AbortSignal) => whyNoLane(shell, options.name, this.#deadlines.channel, signal);
    this.#address = address && new AddressQuestion({ address, slow: options.slow, limitMs: this.#deadlines.banner + this.#deadlines.login, why });
    // A template was made with these very files.
    this.#service = new ControlService({ ...options, agentDir: this.#agentDir, channelMs: this.#deadlines.channel, heard }, options.unsettled !== undefined);
    if (options.answered) {
      this.#heardAt = awakeMs();
      const session = (signal: AbortSignal) => this.#routes.session.shell(signal).finally(() => { this.#sessionAsked = true; });
      this.#do(arrive({ options, session, loginMs: this.#deadlines.login, heard }, this.#end.signal).then(() => this.#routes.control.begin()));
    }
    const runMs = options.startedAt === undefined ? 0 : Math.max(0, Date.now() - Date.parse(options.startedAt));
    this.#expectedAt = Math.max(this.#since, this.#since - runMs + (options.slow ? BOOT_MS.slow : BOOT_MS.native));
    this.#stopListening = options.lanes.onGuestOpen((lane, open) => {
      if (!open) this.#closedAt.set(lane, performance.now());
      const keeper = lane === 'control' || lane === 'session' || lane === 'bulk' ? this.#routes[lane] : undefined;
      if (open) keeper?.opened();
      else keeper?.lose('the guest closed its end');
    });
    this.#do(this.#review());
  }

  get hold(): Hold {
    return holdOf(this.#facts());
  }

  #facts(): HoldFacts {
    const control = this.#routes.control.state;
    const heardAt = control.state === 'open' ? awakeMs() - control.shell.silentMs : this.#heardAt;
    return {
      name: this.#options.name,
      quietMs: heardAt === undefined ? undefined : awakeMs() - heardAt,
      overdueMs: performance.now() - this.#expectedAt,
      graceMs: this.#options.graceMs ?? Math.max(10_000, this.#deadlines.keepalive + this.#deadlines.ping + 1_000),
      why: control.state === 'open' ? undefined : this.#address?.answer.why ?? this.#routes.control.reason,
      addressAnswers: this.#address?.answer.answers === true,
      hasConsole: this.#console !== undefined,
      ending: this.#ending,
    };
  }

  get agent(): HoldOptions['agent'] {
    return this.#options.agent;
  }

  get reports(): GuestAccess['reports'] {
    return this.#reports;
  }

  get user(): string {
    return this.#routes.user();
  }

  async reach(use: Use, limits: Limits): Promise<Reached> {
    const shell = this.#console?.[use === 'control' ? 'control' : 'session'];
    return await climb(this.#options.name, [
      ...this.#streaming(use),
      ...(shell ? [{ rung: 'console' as const, name: 'its console', reach: (signal: AbortSignal) => reachConsole(shell, signal) }] : []),
    ], limits);
  }

  /** The console carries no streams. */
  async openSsh({ deadlineMs, signal }: Limits): Promise<UserSsh> {
    using limit = timeLimit(deadlineMs, signal);
    const { shell, rung, passedOver } = await climb(this.#options.name, this.#streaming('bulk'), { deadlineMs, signal });
    try {
      return { stream: await openUserSsh(shell, this.#options.sshSocket ?? SSH_SOCKET, this.#deadlines, limit.signal), rung, passedOver };
    } catch (error) {
      if (signal.aborted) throw fail('cancelled', `reaching ${this.#options.name} was cancelled`, { cause: error });
      const why = limit.expired ? `it has not answered for ${seconds(deadlineMs)}` : clause(error);
      throw fail('guest-unreachable', `${this.#options.name} is held, but its doorman did not let an ssh client in: ${why}`, {
        hint: `Its doorman: holdfast exec ${this.#options.name} -- systemctl status holdfast-doorman`, cause: error,
      });
    }
  }

  #streaming(use: Use): RungRoute[] {
    const { address } = this.#routes;
    return [
      { rung: 'lane', name: `its ${use} lane`, reach: (signal) => reachKept(this.#routes[use], signal), absent: () => this.#absent(use) },
      ...(address ? [{ rung: 'address' as const, name: 'its address', reach: async (signal: AbortSignal) => {
        const shell = await reachKept(address, signal);
        return use === 'control' ? withSudo(shell) : shell;
      } }] : []),
    ];
  }

  /** A doorman that was restarted is waited for as long as that takes it on a quiet host, then beside the other rungs: both may be late where much is going on. */
  #absent(use: Use): { patienceMs: number; why: string } | undefined {
    if (this.#options.lanes.isGuestOpen(use)) return undefined;
    const closedAt = this.#closedAt.get(use) ?? this.#since;
    return { patienceMs: Math.max(LEAST_PATIENCE_MS, closedAt + this.#deadlines.doorman / 2 - performance.now()), why: this.#routes[use].reason };
  }

  onHold(listener: (hold: Hold) => void): () => void {
    this.#holdListeners.add(listener);
    return () => { this.#holdListeners.delete(listener); };
  }

  onControl(listener: (open: boolean) => void): () => void {
    return this.#options.lanes.onGuestOpen((lane, open) => { if (lane === 'control') listener(open); });
  }

  onReport(listener: (report: Report) => void): () => void {
    this.#reportListeners.add(listener);
    return () => { this.#reportListeners.delete(listener); };
  }

  wake(): void {
    for (const keeper of this.#routes.all) {
      keeper.wake();
      // A connection that does not answer any more is found out now, not when silence has lasted long enough.
      if (keeper.state.state === 'open') this.#do(this.#verify(keeper.state.shell));
    }
    this.#address?.forget();
    this.#stir.abort();
  }

  async #verify(shell: KeptShell): Promise<void> {
    // An emulated guest on a busy host may well be late, and its shells be sound.
    for (let asked = 1; ; asked += 1) {
      const answered = await shell.ping(this.#end.signal).then(() => true, () => false);
      if (answered || this.#end.signal.aborted || !shell.alive) return;
      if (asked >= (this.#options.slow ? SLOW_PINGS : 1)) return shell.drop('it did not answer after the guest went on');
    }
  }

  async setClock(signal: AbortSignal): Promise<void> {
    await setClock(this.#options.lanes, AbortSignal.any([signal, this.#end.signal]));
  }

  expectEnd(): void {
    this.#ending = true;
  }

  #note(route: string, error: unknown): void {
    if (this.#ending || this.#end.signal.aborted) return;
    const stage = error instanceof ReachFailure ? error.stage : 'lost';
    // While it boots, silence is no news; a wrong key always is.
    if (this.#heardAt === undefined && !NEWS.has(stage)) return;
    this.#options.log(`${route}:${stage}`, `${this.#options.name}: ${route}: ${clause(error)}`);
  }

  #controlChanged(state: KeeperState): void {
    if (state.state === 'open') {
      this.#ending = false;
      this.#sessionAsked = false;
      const { shell } = state;
      this.#heardAt = awakeMs();
      // Whoever waits to be told that it is held does not wait for an answer that nobody needs.
      this.#address?.forget();
      void shell.closed.then(() => { this.#heardAt = awakeMs() - shell.silentMs; });
      const passed = this.#options.slow ? letCommandsPass(this.#routes.session, this.#end.signal) : Promise.resolve();
      this.#do(passed.then(() => this.#service.serve(shell, this.#end.signal)));
    }
    this.#stir.abort();
  }

  #heard(report: Report): void {
    this.#reports = { ...this.#reports, [report.type]: report };
    for (const listener of this.#reportListeners) listener(report);
    if (report.type === 'system' && report.cloudInit.status !== 'running') this.#openSession();
  }

  /** Before anybody asks, since it takes seconds under emulation; but not before cloud-init has made the user. */
  #openSession(): void {
    const { session } = this.#routes;
    if (this.#sessionAsked || session.state.state === 'open') return;
    this.#sessionAsked = true;
    this.#do(session.shell(this.#end.signal).then(() => {}, () => {}));
  }

  /** Tells of changes; looks at the address only while the control lane does not answer. */
  async #review(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const { level } = this.hold;
      if (level === 'lost' || level === 'by-address') await this.#address?.ask(this.#end.signal);
      else this.#address?.forget();
      if (this.#end.signal.aborted) return;
      if (this.hold.level !== this.#told) this.#tell();
      this.#stir = new AbortController();
      await pause(Math.max(REVIEW_MS, this.#sureMs()), this.#stir.signal);
    }
  }

  /** What is held stays so for as long as its silence is no news; a connection that ends stirs. Of many idle guests each would be looked at every second otherwise. */
  #sureMs(): number {
    const { quietMs, graceMs } = this.#facts();
    return quietMs === undefined ? 0 : graceMs - quietMs;
  }

  #tell(): void {
    const hold = this.hold;
    const regained = hold.level === 'held' && this.#told !== 'none';
    this.#told = hold.level;
    if (hold.reason !== null && hold.level !== 'none') this.#options.log(`hold:${hold.level}`, hold.reason);
    if (regained) {
      this.#options.log('hold:held', `${this.#options.name} is held again by its control lane`);
      // The guest goes on, though nobody said so (its process was stopped and continued): what the others learnt of it is void.
      for (const keeper of this.#routes.all) if (keeper !== this.#routes.control) keeper.opened();
    }
    for (const listener of this.#holdListeners) listener(hold);
  }

  #do(work: Promise<void>): void {
    const task = work.finally(() => { this.#work.delete(task); });
    this.#work.add(task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#stir.abort();
    this.#stopListening();
    const held = [...this.#routes.all, this.#console?.control, this.#console?.session].filter((one) => one !== undefined);
    await Promise.all(held.map(async (one) => one[Symbol.asyncDispose]()));
    await Promise.allSettled(this.#work);
  }
}
