/** What both kinds of mounts do in a guest alike: their target is made there, and what went wrong is told. */

/** Of the scripts: they end with it when the target cannot be made, or is something else. */
export const NO_DIRECTORY = 91;

/**
 * Lines of sh. $1 is the target, $uid and $gid its owner to be: what is made anew on the way to it is his, what was there
 * keeps its own.
 */
export const MAKE_TARGET = `made= at=$1
while [ ! -e "$at" ] && [ ! -L "$at" ]; do made=$at at=\${at%/*}; [ -n "$at" ] || at=/; done
mkdir -p "$1" 2>/dev/null
[ -d "$1" ] || exit ${NO_DIRECTORY}
[ -z "$made" ] || chown -R "$uid:$gid" "$made"`;

/** The last of what a program in the guest complained of. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing';
}
