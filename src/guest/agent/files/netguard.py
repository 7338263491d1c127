"""Network changes as transactions: JSON on standard input, one line of JSON as the answer.

    look                    what there is of netplan's files, links, addresses and routes
    begin                   {"id", "confirmWithinMs", "write": [{"path", "mode", "uid", "gid", "content"}], "setAside": [path], "how"}
    commit, rollback        {"id"}, {"id", "why"}: what it came to, also when that was long ago
    status                  what is under way
    wait, boot              what the units run
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import hf_guard_state as state  # noqa: E402
import hf_guard_turns as turns  # noqa: E402
from hf_guard_place import Refusal  # noqa: E402

VERSION = 1
MOST_INPUT = 1 << 20


def look(_wish):
    import hf_guard_look
    return hf_guard_look.look(turns.status())


def begin(wish):
    import hf_guard_begin
    return hf_guard_begin.begin(wish)


def commit(wish):
    return turns.end(wish.get("id"), turns.confirm)


def rollback(wish):
    return turns.end(wish.get("id"), turns.withdraw(str(wish.get("why", "it was asked for"))[:300]))


COMMANDS = {"look": look, "begin": begin, "commit": commit, "rollback": rollback,
            "status": lambda _wish: turns.status(), "boot": lambda _wish: turns.boot()}
READS = ("begin", "commit", "rollback")


def wish_of(command):
    if command not in READS:
        return {}
    text = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(text) > MOST_INPUT:
        raise Refusal("the request is larger than 1 MiB")
    try:
        wish = json.loads(text)
    except ValueError:
        raise Refusal("the request is no JSON")
    if not isinstance(wish, dict):
        raise Refusal("the request is no object")
    return wish


def main(arguments):
    if arguments == ["wait"]:
        return turns.wait()
    command = arguments[0] if len(arguments) == 1 else ""
    if command not in COMMANDS:
        print(json.dumps({"v": VERSION, "error": "unknown command; there are: " + ", ".join(COMMANDS)}))
        return 2
    try:
        answer, code = COMMANDS[command](wish_of(command)), 0
    except (Refusal, state.Busy) as error:
        answer, code = {"refused": str(error)[:1500]}, 1
    except OSError as error:
        answer, code = {"error": str(error)[:500]}, 1
    print(json.dumps(dict(answer, v=VERSION)), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
