"""Who ends a transaction, and how: the daemon's word, the deadline, or the next boot."""
import time

import hf_guard_begin as begin
import hf_guard_clock as clock
import hf_guard_commit as commit
import hf_guard_place as place
import hf_guard_run as programs
import hf_guard_state as state
import hf_guard_undo as undo
from hf_guard_place import Refusal

TICK, PATIENCE, REBOOTED = 1.0, 60, "the guest was started anew before it was confirmed"
# Ends the waiter for good; its unit is started again whenever it ends otherwise.
NOTHING_TO_DO = 75


def left_ms(armed):
    """Until the deadline. Before all is applied, the time that this may take is added."""
    applied = place.load(state.runtime(armed["id"]) + "/applied.json")
    if applied:
        return armed["confirmWithinMs"] - clock.passed_ms(applied)
    return armed["confirmWithinMs"] + 1000 * (begin.APPLY_SECONDS + begin.START_SECONDS) - clock.passed_ms(armed["at"])


def status():
    phase, armed = state.under_way()
    if not phase:
        return {"phase": "none"}
    told = {"phase": phase, "id": armed["id"], "applied": place.load(state.runtime(armed["id"]) + "/applied.json") is not None,
            "steps": state.Steps(armed["id"]).names()}
    if phase == "armed" and clock.is_this_boot(armed["at"]):
        told["leftMs"] = max(0, left_ms(armed))
    return told


def outcome_of(name):
    """Of one that has ended; None if it has not."""
    end = state.ended(name)
    if end is None:
        return None
    return place.load(state.home(name) + state.OUTCOME) or {"id": name, "outcome": end, "why": "", "restored": []}


def end(name, do):
    """`do` is done to the transaction of that name if it is under way; how it ended, if it has."""
    if not isinstance(name, str) or not state.ID.fullmatch(name):
        raise Refusal("a transaction's id is made of a-z, 0-9 and -")
    with state.Turn("end", PATIENCE):
        phase, armed = state.under_way()
        if phase and armed["id"] == name:
            return do(phase, armed)
        outcome = outcome_of(name)
        if outcome is None:
            raise Refusal("there is no network change %s" % name)
        return outcome


def confirm(phase, armed):
    if phase == "armed" and place.load(state.runtime(armed["id"]) + "/applied.json") is None:
        return undo.roll_back("it was not applied whole")
    if phase == "armed" and undo.begun(armed["id"]) is not None:
        return undo.roll_back("")
    if phase == "armed" and left_ms(armed) <= 0:
        return undo.roll_back("it was confirmed too late")
    return {"armed": commit.commit, "committing": commit.finish, "rolling": lambda: undo.roll_back("")}[phase]()


def withdraw(why):
    def do(phase, _armed):
        return commit.finish() if phase == "committing" else undo.roll_back(why)
    return do


def boot():
    """Before networkd. What was armed is not applied; what was decided is finished."""
    with state.Turn("boot", PATIENCE):
        phase, armed = state.under_way()
        if phase is None:
            return {"phase": "none"}
        if clock.is_this_boot(armed["at"]):
            # The doorman was started again, not the guest.
            return dict(programs.run(("systemctl", "--no-block", "start", begin.WAITER), begin.START_SECONDS), phase=phase)
        if phase != "committing":
            return undo.roll_back(REBOOTED)
        outcome = commit.finish()
        # netplan's generator ran on files of which some had not come.
        programs.run(("netplan", "generate"), begin.GENERATE_SECONDS)
        return outcome


def wait():
    """Until the transaction has ended, by whomever. Its own death is nothing: another one takes up the waiting."""
    while True:
        left = TICK
        try:
            with state.Turn("wait", 0):
                left = attend()
                if left is None:
                    return NOTHING_TO_DO
        except state.Busy:
            end_overdue()
        time.sleep(min(TICK, max(0.05, left)))


def attend():
    """-> seconds that are left of it, or None: there is nothing to wait for any more"""
    phase, armed = state.under_way()
    if phase == "committing":
        commit.finish()
    elif phase == "rolling":
        undo.roll_back("")
    elif phase == "armed":
        if place.load(state.runtime(armed["id"]) + "/applied.json") is None:
            undo.roll_back("netguard was ended while it applied it")
        elif undo.begun(armed["id"]) is not None:
            undo.roll_back("")
        elif left_ms(armed) <= 0:
            undo.roll_back("it was not confirmed in time")
        else:
            return left_ms(armed) / 1000
    return None


def end_overdue():
    """Somebody is at work. One that begins, and does not come to an end, is ended."""
    phase, armed = state.under_way()
    if phase == "armed" and left_ms(armed) <= 0:
        state.end_holder("begin")
