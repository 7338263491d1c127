"""Makes a transaction lasting: from its first step on it is finished, at the next boot if need be."""
import os
import shutil

import hf_guard_clock as clock
import hf_guard_place as place
import hf_guard_shadow as shadow
import hf_guard_state as state
from hf_guard_place import Refusal


def check_unchanged(plan):
    """What somebody changed meanwhile in a file that would be written over is his."""
    for one, before in zip(plan["files"], plan["before"]):
        # The file in /run is the candidate itself.
        if one["path"].startswith("/etc/") and not shadow.same(place.state_of(one["path"]), shadow.unpacked(before)):
            raise Refusal("%s was changed by somebody else since the network change began: roll it back, and plan it anew" % one["path"])


def commit():
    """What is armed. -> its outcome"""
    _, armed = state.under_way()
    name = armed["id"]
    plan = place.load_large(state.home(name) + "/plan.json")
    check_unchanged(plan)
    state.Steps(name).take("commit")
    state.move("armed", "committing")
    return finish()


def finish():
    """Of what was decided. Everything in it can be done again."""
    _, armed = state.under_way()
    name = armed["id"]
    home, steps = state.home(name), state.Steps(name)
    plan = place.load_large(home + "/plan.json")
    with state.writing(name):
        for number, one in enumerate(plan["files"]):
            steps.take(("place " if one["keep"] else "set aside ") + one["path"])
            put_place(home, number, one)
        finals = {one["path"] for one in plan["files"]}
        record = place.load_large(state.runtime(name) + "/record.json")
        for one in record["run"] if record else []:
            if one["path"] not in finals:
                steps.take("take away " + one["path"])
                place.forget(place.ROOT + one["path"])
    steps.take("finish")
    outcome = {"id": name, "outcome": "committed", "why": "confirmed", "restored": [], "endedAt": clock.now()}
    state.note_outcome(name, outcome)
    state.move("committing", "committed")
    shutil.rmtree(state.runtime(name), ignore_errors=True)
    return outcome


def put_place(home, number, one):
    path = place.ROOT + one["path"]
    if not one["keep"]:
        place.forget(path)
    else:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        temporary = "%s/.%s.holdfast" % os.path.split(path)
        place.forget(temporary)
        source = "%s/new-%d" % (home, number)
        try:
            os.link(source, temporary)  # the space it takes was there before anything was changed
        except OSError:
            seen = os.stat(source)
            place.write(temporary, place.read(source), seen.st_mode & 0o7777, (seen.st_uid, seen.st_gid))
        os.rename(temporary, path)
        place.forget(temporary)
    if os.path.isdir(os.path.dirname(path)):
        place.sync(os.path.dirname(path))
