"""When a transaction is over: by clocks that nobody sets.

CLOCK_BOOTTIME goes on through a suspend of the guest, but not while its machine is paused. The
machine's own clock does, which follows the host's: whichever says first that the time is up.
"""
import time

import hf_guard_place as place

RTC = "/sys/class/rtc/rtc0/since_epoch"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
# The hardware clock counts whole seconds.
SLACK_MS = 2000


def boot_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000


def rtc_ms():
    """None where there is no such clock."""
    try:
        return int(place.read(place.ROOT + RTC) or b"") * 1000
    except ValueError:
        return None


def boot_id():
    """Tests have one of their own."""
    return (place.read(place.ROOT + BOOT_ID) or place.read(BOOT_ID) or b"").decode().strip()


def now():
    return {"bootId": boot_id(), "bootMs": boot_ms(), "rtcMs": rtc_ms()}


def is_this_boot(then):
    return then["bootId"] == boot_id()


def passed_ms(since):
    """Milliseconds since `since`, a now() of this boot. A hardware clock that was set back says nothing."""
    passed = boot_ms() - since["bootMs"]
    rtc = rtc_ms()
    if rtc is not None and since.get("rtcMs") is not None:
        passed = max(passed, rtc - since["rtcMs"] - SLACK_MS)
    return passed
