"""Undoes a transaction. It goes by what is there, not by how far something came: it can begin at any point, and again."""
import os
import shutil

import hf_guard_clock as clock
import hf_guard_generated as generated
import hf_guard_kernel as kernel
import hf_guard_links as links
import hf_guard_place as place
import hf_guard_run as programs
import hf_guard_shadow as shadow
import hf_guard_state as state

WHY = "roll back: "
NETWORKCTL_SECONDS, NETPLAN_SECONDS = 60, 180


def begun(name):
    """-> why somebody wanted to roll it back who has not come to its end, or None"""
    return next((step[len(WHY):] for step in state.Steps(name).names() if step.startswith(WHY)), None)


def roll_back(why):
    """-> its outcome"""
    phase, armed = state.under_way()
    name = armed["id"]
    steps = state.Steps(name)
    why = begun(name) or why
    if phase == "armed":
        steps.take(WHY + why)
        state.move("armed", "rolling")
    # Another boot has never heard of the change.
    restored = in_this_boot(armed, steps) if clock.is_this_boot(armed["at"]) else []
    steps.take("finish")
    outcome = {"id": name, "outcome": "rolled-back", "why": why, "restored": restored, "endedAt": clock.now()}
    state.note_outcome(name, outcome)
    state.move("rolling", "rolled-back")
    shutil.rmtree(state.runtime(name), ignore_errors=True)
    return outcome


def in_this_boot(armed, steps):
    runtime = state.runtime(armed["id"])
    record = place.load_large(runtime + "/record.json")
    if record is None:  # somebody emptied /run; netplan's own files in /etc are as before
        steps.take("have netplan do it")
        done = programs.run(("netplan", "apply"), NETPLAN_SECONDS)
        return ["had netplan apply what is in /etc/netplan: %d %s" % (done["code"], done["said"][-300:])]
    steps.take("end what was begun")
    programs.end_leftover(runtime)
    at_undo = place.load_large(runtime + "/at-undo.json")
    if at_undo is None:
        at_undo = kernel.snapshot()
        state.remember_if_room(runtime + "/at-undo.json", at_undo)
    restored = []
    with state.writing(armed["id"]):
        for one in record["run"]:
            if not shadow.same(place.state_of(one["path"]), shadow.unpacked(one["before"])):
                steps.take("take back " + one["path"])
                shadow.put(shadow.unpacked(one["before"]) or {"path": one["path"], "content": None})
                restored.append(one["path"])
    kept_files = runtime + "/generated"
    wanted, candidate = generated.scan(kept_files), generated.scan(runtime + "/candidate")
    differing = generated.differing(wanted, candidate)
    made = (generated.netdev_names(generated.scan(place.ROOT)) | generated.netdev_names(candidate)) - generated.netdev_names(wanted)
    steps.take("put back what netplan had made")
    restored += generated.put_all(wanted, kept_files)
    if not os.path.exists(runtime + "/changed"):
        return restored
    kept = record["kernel"]
    steps.take("put links back")
    restored += links.links_back(kept, made)
    steps.take("tell networkd")
    waiting = links.Networkd(differing)
    restored += tell(runtime, differing)
    steps.take("put addresses back")
    return restored + links.addresses_back(kept, made, at_undo, waiting)


def tell(runtime, differing):
    """networkd reads its files again. What it cannot do is netplan's to do: then all of it."""
    if generated.networkd_can_undo(differing):
        done = programs.run(("networkctl", "reload"), NETWORKCTL_SECONDS, runtime)
        if done["code"] == 0:
            return []
    done = programs.run(("netplan", "apply"), NETPLAN_SECONDS, runtime)
    return [] if done["code"] == 0 else ["netplan apply said: " + done["said"][-300:]]
