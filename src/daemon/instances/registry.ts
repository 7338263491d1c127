/** All supervisors by name and id. */
import { fail } from '../../core/errors.ts';
import type { Supervisor } from '../supervisor.ts';

export class Registry {
  readonly #byId = new Map<string, Supervisor>();

  add(supervisor: Supervisor): void { this.#byId.set(supervisor.id, supervisor); }
  delete(id: string): void { this.#byId.delete(id); }
  byId(id: string): Supervisor | undefined { return this.#byId.get(id); }
  find(name: string): Supervisor | undefined { return this.all.find((each) => each.name === name); }
  get all(): readonly Supervisor[] { return [...this.#byId.values()]; }

  /** @throws instance-not-found */
  require(name: string): Supervisor {
    const found = this.find(name);
    if (!found) throw this.missing(name);
    return found;
  }

  missing(name: string): Error {
    return fail('instance-not-found', `instance "${name}" does not exist`, { hint: 'see which there are: holdfast list' });
  }
}
