/** Files and directories that the guest has open. */
import { closeSync } from 'node:fs';
import type { OpenDirectory } from './list.ts';
import { uint32 } from './wire.ts';

export type Handle = { readonly kind: 'file'; readonly fd: number; readonly appends: boolean } | ({ readonly kind: 'directory' } & OpenDirectory);

/** Each is a file descriptor here, of which a process has so many only. */
const MOST = 800;

export class Handles implements Disposable {
  readonly #open = new Map<number, Handle>();
  #next = 0;

  get isFull(): boolean {
    return this.#open.size >= MOST;
  }

  /** @returns the guest's name for it */
  add(handle: Handle): Buffer {
    do this.#next = (this.#next + 1) >>> 0; while (this.#open.has(this.#next));
    this.#open.set(this.#next, handle);
    return uint32(this.#next);
  }

  find(name: Buffer): Handle | undefined {
    return name.length === 4 ? this.#open.get(name.readUInt32BE()) : undefined;
  }

  file(name: Buffer): Extract<Handle, { kind: 'file' }> | undefined {
    const handle = this.find(name);
    return handle?.kind === 'file' ? handle : undefined;
  }

  /** @returns whether there was one */
  close(name: Buffer): boolean {
    const handle = this.find(name);
    if (!handle) return false;
    this.#open.delete(name.readUInt32BE());
    shut(handle);
    return true;
  }

  [Symbol.dispose](): void {
    for (const handle of this.#open.values()) shut(handle);
    this.#open.clear();
  }
}

function shut(handle: Handle): void {
  if (handle.kind === 'file') closeSync(handle.fd);
  else handle.entries.closeSync();
}
