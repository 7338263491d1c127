"""Waits for the guest's first address: the kernel tells of it, nobody has to ask."""
import select

import hf_netlink

V4_ADDRESS = 0x10


def has_address(links):
    return any(address["family"] == 4 and address["scope"] == "global" for link in links for address in link["addresses"])


class AddressWatch:
    """Gives the network's report to `answer`, once: when there is an address, or after so many seconds without."""

    def __init__(self, door, seconds, answer):
        self.door, self.answer = door, answer
        self.events = hf_netlink.open_socket(V4_ADDRESS)
        self.events.setblocking(False)
        door.watch(self.events.fileno(), self.look, select.EPOLLIN)
        door.later(seconds, self.end)
        if has_address(hf_netlink.snapshot()["links"]):
            self.end()

    def look(self, _mask):
        try:
            for kind, payload in hf_netlink.messages(self.events.recv(1 << 16)):
                _link, address = hf_netlink.read_address(payload) if kind == hf_netlink.NEWADDR else (0, None)
                if address and address["family"] == 4 and address["scope"] == "global":
                    self.end()
                    return
        except BlockingIOError:
            pass
        except OSError:  # more came than the socket could hold
            self.end()

    def end(self):
        if self.events is None:
            return
        self.door.forget(self.events.fileno())
        self.events.close()
        self.events = None
        self.answer(hf_netlink.snapshot())
