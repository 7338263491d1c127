/** Ends the daemon, as kill -9 would, where a test asks for it: `HOLDFAST_DIE_AT=launch:create`. Steps are enumerated by the tests. */
export function dieAt(wish: string | undefined): (kind: string, step: string) => void {
  if (wish === undefined) return () => {};
  return (kind, step) => {
    if (`${kind}:${step}` === wish) process.kill(process.pid, 'SIGKILL');
  };
}
