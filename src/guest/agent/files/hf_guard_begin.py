"""Begins a transaction: tries the candidate beside the system, writes down what is, arms, and only then applies."""
import os
import shutil

import hf_guard_clock as clock
import hf_guard_generated as generated
import hf_guard_kernel as kernel
import hf_guard_place as place
import hf_guard_run as programs
import hf_guard_shadow as shadow
import hf_guard_state as state
import hf_guard_undo as undo
from hf_guard_place import Refusal

WAITER = "holdfast-netguard.service"
GENERATE_SECONDS, APPLY_SECONDS, START_SECONDS = 120, 180, 60
LONGEST_MS = 24 * 3600 * 1000


def checked(wish):
    """-> id, milliseconds, files, how"""
    name = wish.get("id")
    if not isinstance(name, str) or not state.ID.fullmatch(name):
        raise Refusal("a transaction's id is made of a-z, 0-9 and -")
    within = shadow.whole(wish.get("confirmWithinMs"), LONGEST_MS, "confirmWithinMs")
    if wish.get("how") not in ("apply", "reload"):
        raise Refusal("how is apply or reload")
    return name, within, shadow.wanted(wish), wish["how"]


def begin(wish):
    name, within, files, how = checked(wish)
    with state.Turn("begin", 0):
        phase, armed = state.under_way()
        if phase:
            raise Refusal("the network change %s is under way (%s): commit it or roll it back first" % (armed["id"], phase))
        if state.ended(name):
            raise Refusal("the network change %s has ended already: %s" % (name, state.ended(name)))
        state.tidy()
        shutil.rmtree(state.runtime(name), ignore_errors=True)
        os.makedirs(state.runtime(name), mode=0o700)
        shown = shadow.shadows(files)
        try_out(name, shown)
        try:
            record(name, within, files, shown, how)
        except OSError as error:
            shutil.rmtree(state.home(name), ignore_errors=True)
            raise Refusal("there is no room to write down what is there now, so nothing was changed: %s" % error)
        steps = state.Steps(name)
        try:
            return carry_out(name, within, shown, how, steps)
        except Exception as error:
            if state.under_way()[0]:
                undo.roll_back("it could not be applied: %s" % error)
            raise Refusal("it could not be applied, and all is as before: %s" % error)


def try_out(name, shown):
    """netplan itself says whether it takes them, and what it would make of them; the system is not touched."""
    beside = state.runtime(name) + "/candidate"
    generated.copy_netplan(beside)
    for one in shown:
        target = beside + one["path"]
        place.forget(target)
        if one["content"] is not None:
            os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
            place.write(target, one["content"], one["mode"])
    done = programs.run(("netplan", "generate", "--root-dir", beside), GENERATE_SECONDS, state.runtime(name))
    if done["code"] == programs.TOO_LONG:
        raise Refusal("netplan did not come to an end with it within %d s, and nothing was changed" % GENERATE_SECONDS)
    if done["code"] != 0:
        raise Refusal("netplan does not take it: " + done["said"].replace(beside, ""))


def record(name, within, files, shown, how):
    """All that is needed to undo it, to finish it, and to tell of it: on the disk, with its space, before anything is changed."""
    home, runtime = state.home(name), state.runtime(name)
    shutil.rmtree(home, ignore_errors=True)
    os.mkdir(home, 0o700)
    state.reserve(name)
    before = []
    for number, one in enumerate(files):
        before.append(shadow.packed(place.state_of(one["path"])))
        if one["content"] is not None:
            place.write("%s/new-%d" % (home, number), one["content"], one["mode"], (one["uid"], one["gid"]))
    plan = [{"path": one["path"], "keep": one["content"] is not None} for one in files]
    place.write(home + "/plan.json", state.text({"v": 1, "files": plan, "before": before, "how": how}))
    place.write(home + "/marker", state.text({"id": name, "at": clock.now(), "confirmWithinMs": within}))
    place.sync(home)
    place.sync(place.STATE)
    generated.keep(runtime + "/generated")
    run = [{"path": one["path"], "before": shadow.packed(place.state_of(one["path"]))} for one in shown]
    state.remember(runtime + "/record.json", {"run": run, "kernel": kernel.snapshot()})


def carry_out(name, within, shown, how, steps):
    runtime = state.runtime(name)
    # First, so that never is anything armed that nobody waits for; it stays while begin has the turn.
    steps.take("start the waiter")
    started = programs.run(("systemctl", "start", WAITER), START_SECONDS, runtime)
    if started["code"] != 0:
        raise Refusal("what would roll it back could not be started: " + started["said"])
    steps.take("arm")
    os.rename(state.home(name) + "/marker", state.marker("armed"))
    place.sync(place.STATE)
    with state.writing(name):
        for one in shown:
            steps.take("show " + one["path"])
            shadow.put(one)
    steps.take("apply")
    with open(runtime + "/changed", "w"):
        pass
    done = apply(name, how)
    steps.take(state.APPLIED)
    applied = clock.now()
    state.remember(runtime + "/applied.json", applied)
    return dict(done, id=name, steps=steps.names(), confirmWithinMs=within, appliedAt=applied)


def apply(name, how):
    """-> {how, changed: paths that netplan makes differently}"""
    runtime = state.runtime(name)
    candidate, there = generated.scan(runtime + "/candidate"), generated.scan(place.ROOT)
    changed = generated.differing(there, candidate)
    if how == "reload" and generated.networkd_can(changed):
        for path in changed:
            generated.put(place.ROOT, path, generated.for_networkd(candidate.get(path)), None)
        done = programs.run(("networkctl", "reload"), undo.NETWORKCTL_SECONDS, runtime)
    else:
        how, done = "apply", programs.run(("netplan", "apply"), APPLY_SECONDS, runtime)
    if done["code"] != 0:
        raise Refusal("%s ended with %d: %s" % ("networkctl reload" if how == "reload" else "netplan apply", done["code"], done["said"]))
    return {"how": how, "changed": changed, "said": done["said"]}
