/** All supervisors by name and id; or, for one user, his: of the others it knows no more than that they are there. */
import { fail } from '../../core/errors.ts';
import type { Supervisor } from '../supervisor.ts';

export class Registry {
  readonly #byId: Map<string, Supervisor>;
  /** undefined: everybody's. */
  readonly #owner: number | undefined;

  constructor(of?: { readonly registry: Registry; readonly owner: number }) {
    this.#byId = of === undefined ? new Map<string, Supervisor>() : of.registry.#byId;
    this.#owner = of?.owner;
  }

  /** The same registry as one user sees it. */
  ownedBy(owner: number): Registry {
    return new Registry({ registry: this, owner });
  }

  add(supervisor: Supervisor): void { this.#byId.set(supervisor.id, supervisor); }
  delete(id: string): void { this.#byId.delete(id); }
  find(name: string): Supervisor | undefined { return this.all.find((each) => each.name === name); }
  get all(): readonly Supervisor[] { return this.everybodys.filter((each) => this.#isSeen(each)); }
  /** For what must differ between all there are: names, ids, addresses. */
  get everybodys(): readonly Supervisor[] { return [...this.#byId.values()]; }

  byId(id: string): Supervisor | undefined {
    const found = this.#byId.get(id);
    return found && this.#isSeen(found) ? found : undefined;
  }

  /** @throws instance-not-found */
  require(name: string): Supervisor {
    const found = this.find(name);
    if (!found) throw this.missing(name);
    return found;
  }

  missing(name: string): Error {
    return fail('instance-not-found', `instance "${name}" does not exist`, { hint: 'see which there are: holdfast list' });
  }

  #isSeen({ owner }: Supervisor): boolean {
    return this.#owner === undefined || owner === this.#owner;
  }
}
