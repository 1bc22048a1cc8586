"""What becomes of a payment after the network has accepted it."""

from dataclasses import dataclass

from zampay.simulators.core.settings import Settings

SUCCESSFUL, FAILED = FINAL = ("SUCCESSFUL", "FAILED")
"""The final states of every network. The states before them have the network's names."""


@dataclass(frozen=True)
class Course:
    """From the status `first` to the status `last` (None: it never ends by itself).

    `wait` names the setting that says after how many seconds (None: at once).
    """

    last: str | None = SUCCESSFUL
    reason: str | None = None
    first: str = "PENDING"
    wait: str | None = None

    def seconds(self, settings: Settings) -> float:
        """How long after its creation the payment ends."""
        return float(getattr(settings, self.wait)) if self.wait else 0.0


PAYS = Course(wait="approval_s")
