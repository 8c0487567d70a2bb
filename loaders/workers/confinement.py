"""What a worker process may not do: write files, use the network, start programs, take all memory.

Called by the worker itself before it reads its first task, and it cannot be undone. On Linux: resource limits,
``no_new_privs``, Landlock (kernel 5.13) for writing files and, from its ABI 4, TCP, seccomp for sockets, programs and
other processes. Elsewhere only what exists there; :func:`confine` returns what was achieved, so that it can be said.
The numbers are the kernel's: include/uapi/linux/{landlock,prctl,seccomp,audit}.h and the system call tables.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1

#: Landlock file rights from which a worker keeps only reading files and directories (bits 2 and 3), by ABI.
_READ_RIGHTS = 0b1100
_RIGHTS_BITS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}

_EPERM = 1
#: socket connect bind listen socketpair execve execveat ptrace process_vm_readv process_vm_writev unshare setns mount
#: open_by_handle_at keyctl add_key request_key bpf userfaultfd io_uring_setup pidfd_getfd; kill tkill pidfd_send_signal
#: rt_sigqueueinfo prlimit64; shmget msgget semget mq_open; and what changes a file without opening it: truncate,
#: chmod and chown in all forms, utimes, extended attributes.
_DENIED_CALLS = {
    "x86_64": (
        *(41, 42, 49, 50, 53, 59, 322, 101, 310, 311, 272, 308, 165, 304, 250, 248, 249, 321, 323, 425, 438),
        *(62, 200, 424, 129, 302, 29, 68, 64, 240),
        *(76, 90, 91, 268, 452, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199),
    ),
    "aarch64": (
        *(198, 203, 200, 201, 199, 221, 281, 117, 270, 271, 97, 268, 40, 265, 219, 217, 218, 280, 282, 425, 438),
        *(129, 130, 424, 138, 261, 194, 186, 190, 180),
        *(45, 52, 53, 452, 54, 55, 88, 5, 6, 7, 14, 15, 16),
    ),
}
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Ceilings of one worker process. Shared blocks are not mapped and do not count."""

    address_space_bytes: int = 4 << 30
    open_files: int = 256
    private_bytes_before_recycling: int = 1 << 30
    codec_frames_before_recycling: int = 2000
    niceness: int = 3


def confine(limits: WorkerLimits) -> tuple[str, ...]:
    """Apply everything this system offers; return the names of what is in force."""
    # Limits first: with seccomp in force they can no longer be changed.
    done = _set_resource_limits(limits)
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None, use_errno=True)
        # Die with the thread that keeps this worker, also when the application is killed.
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            done.append("no_new_privs")
            if _landlock(libc):
                done.append("landlock")
            if _seccomp(libc):
                done.append("seccomp")
    return tuple(done)


def _set_resource_limits(limits: WorkerLimits) -> list[str]:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return []
    done = []
    wanted = {
        "RLIMIT_AS": limits.address_space_bytes,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": limits.open_files,
    }
    # A memfd is written like a file: 0 would forbid the volume as well. Where it exists, Landlock forbids files.
    if not hasattr(os, "memfd_create"):
        wanted["RLIMIT_FSIZE"] = 0
    for name, value in wanted.items():
        try:
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            # A limit this process was started under is never raised.
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            continue  # macOS refuses RLIMIT_AS; what is not in the answer is not in force
        done.append(name)
    if hasattr(os, "nice"):
        os.nice(limits.niceness)
    return done


def _landlock(libc: ctypes.CDLL) -> bool:
    """Deny creating, writing, deleting and executing files everywhere, and TCP where the kernel can; reading stays."""
    abi = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION)
    if abi < 1:
        return False
    bits = _RIGHTS_BITS_BY_ABI.get(abi, 16)
    handled = ((1 << bits) - 1) & ~_READ_RIGHTS
    attribute = struct.pack("<Q", handled) if abi < 4 else struct.pack("<QQ", handled, 0b11)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0:
        return False
    try:
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL) -> bool:
    """Answer the denied system calls with EPERM. A worker keeps the socket it was born with."""
    machine = platform.machine()
    if machine not in _DENIED_CALLS:
        return False
    program = _filter_program(_AUDIT_ARCHITECTURE[machine], _DENIED_CALLS[machine])
    holder = _FilterProgram(len(program) // 8, program)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(holder), 0, 0) == 0)


def _filter_program(architecture: int, denied: tuple[int, ...]) -> bytes:
    """Classic BPF: kill on a foreign architecture, EPERM for the denied calls and the x32 table, allow the rest."""
    load, jump_equal, jump_not_less, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | _EPERM, 0x80000000

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("<HBBI", code, if_true, if_false, value)

    steps = [step(load, 4), step(jump_equal, architecture, 1, 0), step(give, kill), step(load, 0)]
    checks = [(jump_not_less, _X32_CALLS), *((jump_equal, number) for number in denied)]
    for index, (code, number) in enumerate(checks):
        steps.append(step(code, number, len(checks) - index, 0))  # forward to the refusal, past "allow"
    return b"".join([*steps, step(give, allow), step(give, refuse)])
