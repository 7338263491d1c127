/**
 * Reaches what lies beneath one directory, and nothing else, whoever changes names meanwhile. Node has no openat(2); Linux's
 * /proc/self/fd/<n>/<name> is the same: the kernel goes from the directory that is held open, wherever its name leads by now.
 * Each component is opened in its turn, and none of them may be a symbolic link.
 */
import { closeSync, constants, openSync } from 'node:fs';

/** open(2); not among Node's constants, and the same number on all of Linux's architectures that Node runs on. */
export const O_PATH = 0o10000000;
const HOLD = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const SLASH = 0x2f;

/** The guest named what is not beneath the directory. */
export class OutsideError extends Error {}

export class Beneath implements Disposable {
  readonly #root: number;

  /** @param directory  links on the way to it are followed: it is the caller's word, not the guest's. @throws what open(2) fails with */
  constructor(directory: string) {
    this.#root = openSync(directory, O_PATH | constants.O_DIRECTORY);
  }

  /**
   * @param path  octets, from the root on, with or without a slash before them
   * @param work  is given a path for one system call that must not follow a link; it is good while `work` runs
   * @throws OutsideError, what open(2) fails with, and whatever `work` throws
   */
  at<T>(path: Buffer, work: (place: Buffer) => T): T {
    const names = namesIn(path);
    const last = names.pop() ?? Buffer.from('.');
    let held = this.#root;
    try {
      for (const name of names) {
        const next = openSync(within(held, name), HOLD);
        this.#release(held);
        held = next;
      }
      return work(within(held, last));
    } finally {
      this.#release(held);
    }
  }

  /** @param work  is given the directory's path, for names to be put behind with a slash between */
  directory<T>(path: Buffer, work: (place: Buffer) => T): T {
    return this.at(Buffer.concat([path, Buffer.from('/x')]), (place) => work(place.subarray(0, -2)));
  }

  /** The same inode for several calls, whatever becomes of its name. Nothing of it is opened: neither a device nor a FIFO notices. */
  inode<T>(path: Buffer, work: (place: Buffer, fd: number) => T): T {
    return this.at(path, (place) => {
      const fd = openSync(place, O_PATH | constants.O_NOFOLLOW);
      try {
        return work(Buffer.from(`/proc/self/fd/${fd}`), fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#root);
  }

  #release(fd: number): void {
    if (fd !== this.#root) closeSync(fd);
  }
}

function within(directory: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
}

/** @throws OutsideError  for `..`: the guest's kernel has dealt with those */
function namesIn(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let from = 0;
  for (let at = 0; at <= path.length; at += 1) {
    if (at < path.length && path[at] !== SLASH) continue;
    const name = path.subarray(from, at);
    from = at + 1;
    if (name.length === 0 || name.equals(DOT)) continue;
    if (name.equals(DOTS)) throw new OutsideError('.. leads out');
    names.push(name);
  }
  return names;
}

const DOT = Buffer.from('.');
const DOTS = Buffer.from('..');
