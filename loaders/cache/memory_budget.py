"""How much memory volumes may take on this machine, and who holds how much of it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from loaders.errors import TooLarge

_SHARE_OF_MACHINE = 0.6
_SHARE_OF_FREE = 0.85
_KEPT_FREE = 256 << 20
_UNKNOWN_MACHINE = 4 << 30
_NEEDED_WITHOUT_A_NUMBER = 1 << 20
#: Version 1 of control groups writes "none" as a number near 2^63.
_NO_LIMIT = 1 << 60


class MemoryBudget:
    """Bytes that volumes hold against what this machine can give. Thread-safe.

    ``limit_bytes`` is fixed at the start from the machine's memory (a container's or a resource limit counts too);
    what is free is asked again at every reservation, so that a volume never drives the machine into swapping.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._lock = threading.Lock()
        self._held: dict[object, int] = {}
        self._asks_machine = limit_bytes is None
        machine = machine_memory_bytes()
        self.limit_bytes = limit_bytes if limit_bytes is not None else int(machine * _SHARE_OF_MACHINE)

    @property
    def held_bytes(self) -> int:
        """Bytes reserved now."""
        with self._lock:
            return sum(self._held.values())

    def room_bytes(self) -> int:
        """Bytes that could be reserved now."""
        with self._lock:
            return self._room(sum(self._held.values()))

    def _room(self, held: int) -> int:
        room = self.limit_bytes - held
        if self._asks_machine:
            free = free_memory_bytes()
            if free is not None:
                room = min(room, int(free * _SHARE_OF_FREE) - _KEPT_FREE)
        return max(0, room)

    def reserve(self, holder: object, needed_bytes: int) -> None:
        """Reserve memory for ``holder``; raises ``TooLarge`` with both numbers. Small needs are always met."""
        with self._lock:
            room = self._room(sum(self._held.values()))
            if needed_bytes > room and needed_bytes > _NEEDED_WITHOUT_A_NUMBER:
                raise TooLarge(
                    f"{_megabytes(needed_bytes)} MB are needed, {_megabytes(room)} MB are free for images",
                    needed_mb=str(_megabytes(needed_bytes)),
                    free_mb=str(_megabytes(room)),
                )
            self._held[holder] = self._held.get(holder, 0) + needed_bytes

    def release(self, holder: object) -> None:
        """Give back everything ``holder`` reserved."""
        with self._lock:
            self._held.pop(holder, None)


def _megabytes(count: int) -> int:
    return round(count / 1e6)


def machine_memory_bytes() -> int:
    """Physical memory, or the smaller limit this process is under."""
    limits = [value for value in (_physical_bytes(), _address_space_limit()) if value]
    limits += [limit for limit, _ in _cgroup_limits()]
    return min(limits) if limits else _UNKNOWN_MACHINE


def free_memory_bytes() -> int | None:
    """Memory that can be had without swapping or meeting a limit, ``None`` where the system does not tell.

    A volume counts against the address space where it is mapped, and against a control group's memory as it fills.
    """
    free = [limit - used for limit, used in _cgroup_limits()]
    available = _kilobytes(Path("/proc/meminfo"), "MemAvailable:")
    if available is not None:
        free.append(available)
    limit, used = _address_space_limit(), _kilobytes(Path("/proc/self/status"), "VmSize:")
    if limit and used is not None:
        free.append(limit - used)
    return max(0, min(free)) if free else None


def _kilobytes(file: Path, name: str) -> int | None:
    """Return a line ``name  NUMBER kB`` of a file of the system's, in bytes."""
    try:
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None


def _physical_bytes() -> int:
    if sys.platform == "win32":
        return _windows_physical_bytes()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def _cgroup_limits(
    groups: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> list[tuple[int, int]]:
    """Return (limit, used) in bytes of every control group this process is in, version 2 and 1, that has a limit."""
    try:
        lines = groups.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            base, names = root, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            base, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        # A group's own limit and those of the groups around it all hold; inside a container only the root is seen.
        for depth in range(len(parts) + 1):
            found += _limit_and_use(base.joinpath(*parts[:depth]), *names)
    return found


def _limit_and_use(group: Path, limit_name: str, use_name: str) -> list[tuple[int, int]]:
    try:
        limit = int((group / limit_name).read_text(encoding="ascii"))
        used = int((group / use_name).read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" means no limit
        return []
    # Cached files are given up before the limit is met.
    return [(limit, max(0, used - _cached_bytes(group)))] if limit < _NO_LIMIT else []


def _cached_bytes(group: Path) -> int:
    try:
        facts = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
        return int(facts.get("total_inactive_file", facts.get("inactive_file", "0")))
    except (OSError, ValueError):
        return 0


def _address_space_limit() -> int:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return 0 if soft == resource.RLIM_INFINITY else soft


def _windows_physical_bytes() -> int:
    """GlobalMemoryStatusEx; not verified on a Windows machine."""
    import ctypes  # noqa: PLC0415 - only there

    class Status(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("numbers", ctypes.c_ulonglong * 7))

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent on other systems
    return int(status.numbers[0]) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
