"""The top of every page: command, machine, versions, how quiet it was, whether it was cut short."""

from datetime import UTC, datetime
from statistics import median
from typing import Any

from bench.speed.rounds import Pit

_QUIET_PCT = 5.0


def heading(facts: dict[str, Any], versions: dict[str, str], pit: Pit, gpu: str) -> list[str]:
    """Return the paragraphs."""
    named = [f"{package} {version}" for package, version in versions.items() if version]
    parts = [
        f"`{facts['command']}`, {datetime.now(UTC):%Y-%m-%d}, tokmon {facts['revision']}",
        _machine(facts["machine"], pit.threads, gpu),
        f"Versions: {', '.join(named)}." if named else "",
        _noise(pit.busy_pct),
        _ending(facts.get("cut_short", "")),
    ]
    return [part for part in parts if part]


def _machine(machine: dict[str, Any], threads: int, gpu: str) -> str:
    cores, system = f"{machine['cores']} cores", machine["system"]
    parts = [machine["cpu"], cores, gpu, f"{machine['memory_gib']} GiB", system]
    return f"Machine: {', '.join(part for part in parts if part)}; {threads} threads."


def _noise(busy_pct: list[float]) -> str:
    if not busy_pct:
        return ""
    usual, most = median(busy_pct), max(busy_pct)
    quiet = "quiet" if most <= _QUIET_PCT else "NOT quiet"
    return (
        f"The machine was {quiet}: before each start other programs used {usual:.0f} % of its "
        f"cores in the median, {most:.0f} % at most."
    )


def _ending(cut_short: str) -> str:
    return f"**Cut short:** {cut_short}. The rest of this page is of those." if cut_short else ""
