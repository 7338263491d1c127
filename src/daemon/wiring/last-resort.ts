/**
 * What nobody caught. A promise that nobody waited for costs no more than itself: it is written down, and everybody else
 * is served on. An exception in the midst of other work may have left it half done: the daemon ends, VMs go on, and the
 * next one begins from what is recorded.
 */
const EXIT_BUG = 3;

export function watchTheUncaught(bug: (where: string, error: unknown) => void): void {
  process.on('unhandledRejection', (error) => bug('the background', error));
  process.on('uncaughtException', (error) => {
    bug('the foreground', error);
    process.stderr.write(`${error.stack ?? String(error)}\n`);
    process.exit(EXIT_BUG);
  });
}
