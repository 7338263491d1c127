/** The driver's templates: which one a machine can be forked of, their making, and the start of a fork. */
import { ensureInstanceKeys } from '../../../host/keys.ts';
import { fail } from '../../../core/errors.ts';
import type { MachineSpec, TemplateInfo, Templates, TemplateWish, Work } from '../../driver.ts';
import { candidates, thisHost } from '../accelerator/candidates.ts';
import { hostKey, type AcceleratorMemory } from '../accelerator/memory.ts';
import { qemuVersion } from '../binary.ts';
import type { Accelerator, Card } from '../command-line/input.ts';
import type { ThawGuest } from '../hold-guest.ts';
import type { IdentityPolicy } from '../identity.ts';
import type { OpenDiskBase } from '../layers/layer-store.ts';
import type { MachineFiles } from '../layout.ts';
import type { Started } from '../start.ts';
import { readState, type MachineState } from '../state-file.ts';
import { startFork } from './fork.ts';
import { makeTemplate, type MakeParts } from './make.ts';
import { SealedMemories } from './sealed-memory.ts';
import { shapeKey, shapeOf } from './shape.ts';
import { TemplateStore, type Template } from './store.ts';
import { TemplateMakings } from './makings.ts';
import { prune } from './prune.ts';

export interface QemuTemplatesOptions extends Omit<MakeParts, 'store' | 'keysOf' | 'notice'> {
  readonly directory: string;
  readonly identity: IdentityPolicy;
  readonly memory: AcceleratorMemory;
  readonly only: readonly Accelerator[] | undefined;
  readonly thaw: ThawGuest;
  /** Keys of templates that machines which run now were forked of. */
  readonly inUse: () => Promise<ReadonlySet<string>>;
}

export class QemuTemplates implements Templates, AsyncDisposable {
  readonly #options: QemuTemplatesOptions;
  readonly #store: TemplateStore;
  readonly #sealed = new SealedMemories();
  readonly #makings: TemplateMakings;
  /** For the first instance that is forked after it was found out. */
  #notice: string | null = null;

  constructor(options: QemuTemplatesOptions) {
    this.#options = options;
    this.#store = new TemplateStore(options.directory);
    const parts: MakeParts = { ...options, store: this.#store, keysOf: (files) => ensureInstanceKeys(files.keys), notice: (text) => { this.#notice = text; } };
    this.#makings = new TemplateMakings((wanted, timezone, work) => makeTemplate(wanted, timezone, parts, work));
  }

  async find(wish: TemplateWish): Promise<string | undefined> {
    const accelerator = await this.#expected(wish);
    if (accelerator === undefined) return undefined;
    const template = await this.#store.find(await shapeOf(wish, accelerator));
    if (template === undefined || template.record.diskBytes > wish.diskBytes) return undefined;
    // Before it is used, so that nothing prunes it in between.
    await this.#store.used(template);
    return template.key;
  }

  async make(wish: TemplateWish, timezone: string, work: Work): Promise<string> {
    const { architecture, imageDigest, imageFormat, cpus, memoryBytes } = wish;
    const { key } = await this.#makings.join({ architecture, imageDigest, imageFormat, cpus, memoryBytes }, timezone, work);
    await this.prune();
    return key;
  }

  async all(): Promise<TemplateInfo[]> {
    return (await this.#store.all()).map(({ key, record, lastUsedAt, bytes }) => ({
      key, imageDigest: record.shape.imageDigest, cpus: record.shape.cpus, memoryBytes: record.shape.memoryBytes,
      accelerator: record.shape.accelerator, createdAt: record.createdAt, lastUsedAt: lastUsedAt.toISOString(), bytes,
    }));
  }

  async remove(key: string): Promise<void> {
    await this.#store.remove(key);
    await this.#forgetSealed();
  }

  async tidy(): Promise<void> {
    await this.#store.sweep();
    await this.prune();
  }

  async prune(): Promise<void> {
    await prune(this.#store, await this.#options.inUse());
    await this.#forgetSealed();
  }

  /** @throws machine-failed when it is not there any more */
  async require(key: string): Promise<Template> {
    const template = (await this.#store.all()).find((each) => each.key === key);
    if (template === undefined) throw fail('machine-failed', `the template ${key} is gone or damaged`);
    return template;
  }

  /** That a machine was created of, and has not begun with yet. @throws machine-failed when it is not there any more, or another is in its place */
  async requireOf({ name }: MachineSpec, key: string, { forkMadeAt }: MachineState): Promise<Template> {
    const template = await this.require(key);
    if (forkMadeAt === undefined || forkMadeAt === template.record.createdAt) return template;
    throw fail('machine-failed', `the template ${key} was made anew since ${name} was created of it: its memory does not belong to the disk of ${name}`, {
      hint: `${name} has never run, so nothing is lost: holdfast delete --purge ${name}, and launch it again`,
    });
  }

  /** @throws whatever went wrong; nothing runs then */
  async fork(machine: MachineSpec, key: string, { files, openBase, cards, log }: { readonly files: MachineFiles; readonly openBase: OpenDiskBase; readonly cards: readonly Card[]; readonly log: (cause: string, message: string) => void }, work: Work): Promise<Started> {
    const state = await readState(files.state);
    if (state === undefined) throw fail('machine-failed', `${machine.name} has no machine to start: its files are gone`);
    const template = await this.requireOf(machine, key, state);
    if (shapeKey(await shapeOf({ ...machine, ...machine.spec }, template.record.shape.accelerator)) !== key) {
      throw fail('machine-failed', `the template ${key} was made for another machine or another QEMU`);
    }
    const { kvmGid } = candidates(await thisHost(this.#options.identity), machine.architecture);
    const [keys, templateKeys] = await Promise.all([ensureInstanceKeys(files.keys), ensureInstanceKeys(template.files.keys)]);
    const started = await startFork(machine, { files, openBase, state, template, templateKeys, keys, sealed: this.#sealed, thaw: this.#options.thaw, kvmGid, cards, log }, work);
    return { ...started, notice: this.takeNotice() };
  }

  /** What the start of a machine for a template found worth telling, once: whoever starts a machine next tells it, also where no template came of it. */
  takeNotice(): string | null {
    const notice = this.#notice;
    this.#notice = null;
    return notice;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sealed[Symbol.asyncDispose]();
  }

  /** What a machine would be started on today: the best that was not found wanting. */
  async #expected({ architecture }: TemplateWish): Promise<Accelerator | undefined> {
    const { accelerators } = candidates(await thisHost(this.#options.identity), architecture);
    const key = await hostKey(await qemuVersion(architecture));
    for (const accelerator of accelerators.filter((each) => this.#options.only?.includes(each) ?? true)) {
      if (accelerator === 'tcg' || (await this.#options.memory.verdict(key, accelerator))?.verdict !== 'refused') return accelerator;
    }
    return undefined;
  }

  /** Memory that no template stands behind any more. */
  async #forgetSealed(): Promise<void> {
    await this.#sealed.keepOnly(await this.#store.all());
  }
}
