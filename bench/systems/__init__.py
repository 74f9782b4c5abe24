"""One module per system that brings a file from one process to another.

A module offers `NAME` and `open_system(file, folder)`: a context manager that starts a sender which
has `file` ready, with everything under `folder`. What it yields has `prepare_seconds` (importing,
indexing), `fetch(to) -> Transfer` (the timed part) and is used for one transfer.
"""

from dataclasses import dataclass


@dataclass
class Transfer:
    seconds: float
    sender_cpu_seconds: float
    receiver_cpu_seconds: float
    sender_peak_rss_bytes: int
    receiver_peak_rss_bytes: int


def fetch_by_process(sender, *command) -> Transfer:
    """A running Service sends, the command receives and ends."""
    from process import measure

    before = sender.cpu_seconds()
    receiver = measure(*command)
    return Transfer(
        receiver.seconds,
        sender.cpu_seconds() - before,
        receiver.cpu_seconds,
        sender.peak_rss_bytes(),
        receiver.peak_rss_bytes,
    )
