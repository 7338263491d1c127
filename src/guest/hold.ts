/** Holds one running guest: the control lane always, the other ways when they are wanted. */
import type { Hold } from '../core/instance.ts';
import type { GuestAccess, Reached, Use } from './access.ts';
import { AGENT_DIR } from './agent/bundle.ts';
import { renewAgent } from './agent-calls.ts';
import { settleFork } from './fork/settle.ts';
import { holdOf } from './hold-level.ts';
import type { KeeperState, KeptShell } from './lane.ts';
import type { AddressPort, ConsolePort, Lane, LanePort } from './lane-port.ts';
import type { Report } from './report.ts';
import { keepReporter } from './reporter.ts';
import { climb } from './rungs/climb.ts';
import { ConsoleShell } from './rungs/console.ts';
import { reachKept } from './rungs/kept.ts';
import { type GuestRoutes, openRoutes } from './rungs/routes.ts';
import { withSudo } from './rungs/sudo.ts';
import { type Deadlines, NATIVE, SLOW } from './ssh/deadlines.ts';
import { clause, ReachFailure } from './ssh/failure.ts';
import { pause, timeLimit } from './ssh/time-limit.ts';

export interface HoldOptions {
  readonly name: string;
  readonly lanes: LanePort;
  readonly address: AddressPort | undefined;
  readonly console: ConsolePort | undefined;
  /** Private keys in OpenSSH's form; public ones as in a .pub file. hostPublic is the lanes', guestHostPublic the guest's own sshd's. */
  readonly keys: { readonly controlPrivate: string; readonly sessionPrivate: string; readonly hostPublic: string; readonly guestHostPublic: string };
  /** The guest is emulated: everything takes some ten times longer. */
  readonly slow: boolean;
  /** When its machine was started, ISO 8601; now, when it is left out. */
  readonly startedAt?: string | undefined;
  readonly defaultUser: string;
  /** Its doorman has answered already: it counts as held, and its session lane, which somebody waits for, is opened before the control lane. */
  readonly answered?: boolean | undefined;
  /** Called once nobody waits for what answered any more: its session lane is open, or did not come. */
  readonly arrived?: (() => void) | undefined;
  /** What a fork that has answered still lacks: its card, and then its services. It waits for its turn. */
  readonly unsettled?: { readonly turn: (signal: AbortSignal) => Promise<Disposable>; readonly plug: () => Promise<void>; readonly settled: () => Promise<void> } | undefined;
  /** Our version of the files in the guest; an older one there is renewed. */
  readonly agent?: { readonly version: string; readonly bundleJson: string } | undefined;
  /** One line per cause; repetitions of a cause are left out by whoever prints. */
  readonly log: (cause: string, message: string) => void;
  /** For tests. */
  readonly deadlines?: Deadlines;
  readonly graceMs?: number;
  readonly agentDir?: string;
  readonly controlUser?: string;
}

export function holdGuest(options: HoldOptions): GuestAccess {
  return new GuestHold(options);
}

const REVIEW_MS = 1_000;
const LOST_REVIEW_MS = 15_000;
const MOST_RENEWALS = 3;
/** After an emulated guest's arrival: how soon a first command is waited for, how long, and how often it is looked at. */
const [FIRST_COMMAND_WITHIN_MS, FIRST_COMMAND_MS, LOOK_MS] = [250, 1_500, 20];
/** A guest that said nothing for so long after its start will not: other ways into it are looked for. */
const BOOT_MS = { native: 90_000, slow: 300_000 };
const LEAST_PATIENCE_MS = 250;
const NEWS: ReadonlySet<string> = new Set(['host-key', 'login', 'refused']);

class GuestHold implements GuestAccess {
  readonly #options: HoldOptions;
  readonly #deadlines: Deadlines;
  readonly #agentDir: string;
  readonly #routes: GuestRoutes;
  readonly #console: { control: ConsoleShell; session: ConsoleShell } | undefined;
  readonly #holdListeners = new Set<(hold: Hold) => void>();
  readonly #reportListeners = new Set<(report: Report) => void>();
  readonly #end = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #reports: { network: Extract<Report, { type: 'network' }> | undefined; system: Extract<Report, { type: 'system' }> | undefined } = { network: undefined, system: undefined };
  #told: Hold['level'] = 'none';
  /** When the control lane last said anything, on a connection that is gone. */
  #heardAt: number | undefined;
  readonly #since = performance.now();
  readonly #expectedAt: number;
  /** When the guest's end of a lane was last seen to close. */
  readonly #closedAt = new Map<Lane, number>();
  #addressAnswers = false;
  #ending = false;
  #renewed = 0;
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
    // A template was made with these very files.
    if (options.unsettled) this.#renewed = MOST_RENEWALS;
    if (options.answered) {
      this.#heardAt = this.#since;
      this.#do(this.#arrive());
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
    const control = this.#routes.control.state;
    const now = performance.now();
    const heardAt = control.state === 'open' ? now - control.shell.silentMs : this.#heardAt;
    return holdOf({
      name: this.#options.name,
      quietMs: heardAt === undefined ? undefined : now - heardAt,
      overdueMs: now - this.#expectedAt,
      graceMs: this.#options.graceMs ?? Math.max(10_000, this.#deadlines.keepalive + this.#deadlines.ping + 1_000),
      why: control.state === 'open' ? undefined : this.#routes.control.reason,
      addressAnswers: this.#addressAnswers,
      hasConsole: this.#console !== undefined,
      ending: this.#ending,
    });
  }

  get reports(): GuestAccess['reports'] {
    return this.#reports;
  }

  async reach(use: Use, limits: { readonly deadlineMs: number; readonly signal: AbortSignal }): Promise<Reached> {
    const { address } = this.#routes;
    return await climb(this.#options.name, [
      { rung: 'lane', name: `its ${use} lane`, reach: (signal) => reachKept(this.#routes[use], signal), absent: () => this.#absent(use) },
      ...(address ? [{ rung: 'address' as const, name: 'its address', reach: async (signal: AbortSignal) => {
        const shell = await reachKept(address, signal);
        return use === 'control' ? withSudo(shell) : shell;
      } }] : []),
      ...(this.#console ? [{ rung: 'console' as const, name: 'its console', reach: (signal: AbortSignal) => this.#reachConsole(use, signal) }] : []),
    ], limits);
  }

  /** A doorman that was restarted is waited for, one that stays away only beside the other rungs. */
  #absent(use: Use): { patienceMs: number; why: string } | undefined {
    if (this.#options.lanes.isGuestOpen(use)) return undefined;
    const closedAt = this.#closedAt.get(use) ?? this.#since;
    return { patienceMs: Math.max(LEAST_PATIENCE_MS, closedAt + this.#deadlines.doorman - performance.now()), why: this.#routes[use].reason };
  }

  async #reachConsole(use: Use, signal: AbortSignal): Promise<ConsoleShell> {
    const shell = use === 'control' ? this.#console?.control : this.#console?.session;
    if (shell === undefined) throw new ReachFailure('connect', 'it has none');
    await using session = await shell.exec({ command: ['true'] }, signal);
    const stop = (): void => session.signal('SIGINT');
    signal.addEventListener('abort', stop, { once: true });
    const exit = await session.exit.catch((error: unknown) => {
      throw signal.aborted ? new ReachFailure('connect', 'no shell answered on it') : error;
    }).finally(() => signal.removeEventListener('abort', stop));
    if (!('code' in exit) || exit.code !== 0) throw new ReachFailure('login', `no shell for ${shell.user} on it`);
    return shell;
  }

  onHold(listener: (hold: Hold) => void): () => void {
    this.#holdListeners.add(listener);
    return () => { this.#holdListeners.delete(listener); };
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
    this.#stir.abort();
  }

  async #verify(shell: KeptShell): Promise<void> {
    await shell.ping(this.#end.signal).catch(() => {
      if (!this.#end.signal.aborted) shell.drop('it did not answer after the guest went on');
    });
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
      this.#heardAt = performance.now();
      void shell.closed.then(() => { this.#heardAt = performance.now() - shell.silentMs; });
      this.#do(this.#serve(shell));
    }
    this.#stir.abort();
  }

  async #serve(shell: KeptShell): Promise<void> {
    const { agent, name, log } = this.#options;
    const signal = this.#end.signal;
    // A guest that stays old must not be written to on every connection.
    if (agent && this.#renewed < MOST_RENEWALS) {
      this.#renewed += 1;
      try {
        const before = await renewAgent(shell, this.#agentDir, agent, this.#deadlines.channel, signal);
        if (before !== undefined) log('agent-renewed', `${name}: Holdfast's files in the guest were renewed from ${before} to ${agent.version}`);
        else this.#renewed = MOST_RENEWALS;
      } catch (error) {
        if (shell.alive && !signal.aborted) log('agent-renew', `${name}: ${clause(error)}`);
      }
    }
    await keepReporter(shell, this.#agentDir, { report: (report) => this.#heard(report), log: (cause, message) => log(cause, `${name}: ${message}`) }, signal);
  }

  #heard(report: Report): void {
    this.#reports = report.type === 'network' ? { ...this.#reports, network: report } : { ...this.#reports, system: report };
    for (const listener of this.#reportListeners) listener(report);
    if (report.type === 'system' && report.cloudInit.status !== 'running') this.#openSession();
  }

  /** Whoever started it waits for the session lane: on one processor two logins at once take twice as long. */
  async #arrive(): Promise<void> {
    using limit = timeLimit(this.#deadlines.login, this.#end.signal);
    const shell = await this.#routes.session.shell(limit.signal).catch(() => undefined);
    this.#sessionAsked = true;
    this.#options.arrived?.();
    if (shell && this.#options.slow) await this.#letPass(shell);
    if (this.#options.unsettled) await this.#settle(this.#options.unsettled);
    this.#routes.control.begin();
  }

  /** A first command is often at hand, and takes four times as long beside all that is still to come to an emulated guest. */
  async #letPass(shell: KeptShell): Promise<void> {
    const until = performance.now() + FIRST_COMMAND_MS;
    await pause(FIRST_COMMAND_WITHIN_MS, this.#end.signal);
    while (shell.alive && shell.commands > 0 && performance.now() < until && !this.#end.signal.aborted) await pause(LOOK_MS, this.#end.signal);
  }

  async #settle({ turn, plug, settled }: NonNullable<HoldOptions['unsettled']>): Promise<void> {
    const { lanes, log, name } = this.#options;
    try {
      using _turn = await turn(this.#end.signal);
      await settleFork(lanes, plug, (report) => this.#heard(report), this.#end.signal);
      await settled();
    } catch (error) {
      if (!this.#end.signal.aborted) log('fork', `${name}: its network card or its services did not come: ${clause(error)}`);
    }
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
    for (;;) {
      let { level } = this.hold;
      if ((level === 'lost' || level === 'by-address') && this.#routes.address) this.#addressAnswers = await this.#asksAddress();
      else this.#addressAnswers = false;
      ({ level } = this.hold);
      if (this.#end.signal.aborted) return;
      if (level !== this.#told) this.#tell();
      this.#stir = new AbortController();
      await pause(level === 'lost' || level === 'by-address' ? LOST_REVIEW_MS : REVIEW_MS, this.#stir.signal);
    }
  }

  async #asksAddress(): Promise<boolean> {
    const { address } = this.#routes;
    if (!address) return false;
    using limit = timeLimit(this.#deadlines.banner + this.#deadlines.login, this.#end.signal);
    return await reachKept(address, limit.signal).then(() => true, () => false);
  }

  #tell(): void {
    const hold = this.hold;
    const regained = hold.level === 'held' && this.#told !== 'none';
    this.#told = hold.level;
    if (hold.reason !== null && hold.level !== 'none') this.#options.log(`hold:${hold.level}`, hold.reason);
    if (regained) this.#options.log('hold:held', `${this.#options.name} is held again by its control lane`);
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
