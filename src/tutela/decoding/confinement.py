"""Takes from a process everything that decoding does not need. Linux: limits and seccomp.

After `confine` the process may compute, use memory up to its limit, and read and write the pipes it
already has. It may open no file, make no socket, start no program and no process.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from pathlib import Path

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 4, 38, 22
SECCOMP_MODE_FILTER = 2

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE = 0x00050000 | errno.EPERM
ABSENT = 0x00050000 | errno.ENOSYS

CLONE_THREAD = 0x00010000

# Numbers of the refused system calls: Linux, arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h.
X86_64 = {
    "open": 2, "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "bind": 49, "listen": 50,
    "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "truncate": 76,
    "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87, "symlink": 88,
    "readlink": 89, "chmod": 90, "chown": 92, "ptrace": 101, "mknod": 133, "mount": 165,
    "setrlimit": 160, "chroot": 161, "add_key": 248, "request_key": 249, "keyctl": 250,
    "openat": 257, "mkdirat": 258, "mknodat": 259, "unlinkat": 263, "renameat": 264, "linkat": 265,
    "symlinkat": 266, "fchmodat": 268, "unshare": 272, "accept4": 288, "perf_event_open": 298,
    "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "renameat2": 316, "memfd_create": 319, "bpf": 321, "execveat": 322, "userfaultfd": 323,
}  # fmt: skip
AARCH64 = {
    "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38,
    "mount": 40, "truncate": 45, "chroot": 51, "fchmodat": 53, "openat": 56, "readlinkat": 78,
    "unshare": 97, "ptrace": 117, "kill": 129, "setrlimit": 164, "socket": 198, "socketpair": 199,
    "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206, "add_key": 217,
    "request_key": 218, "keyctl": 219, "execve": 221, "perf_event_open": 241, "accept4": 242,
    "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "renameat2": 276, "memfd_create": 279, "bpf": 280, "execveat": 281, "userfaultfd": 282,
}  # fmt: skip
SAME_EVERYWHERE = {"io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437}
ARCHITECTURES = {
    "x86_64": (0xC000003E, 56, X86_64),  # AUDIT_ARCH_X86_64, clone
    "aarch64": (0xC00000B7, 220, AARCH64),
}
X32 = 0x40000000
"""x86-64 kernels answer to a second numbering from here on, which would pass by the list."""


def confine(max_memory: int) -> bool:
    """Confine this process for good; False where the platform has no system call filter.

    `max_memory` is in bytes, on top of what is mapped now.
    """
    _limit(resource.RLIMIT_CORE, 0)  # a crash dump would put plaintext on disk
    _limit(resource.RLIMIT_FSIZE, 0)  # so would any file
    if sys.platform != "linux":
        return False
    _limit(resource.RLIMIT_AS, _mapped() + max_memory)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    program = _program()
    if program is None:
        return False
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def limit_cpu(seconds: int) -> None:
    """From now on this process may use so many processor seconds more; then it is killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _mapped() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _program() -> bytes | None:
    """A classic BPF program: refuse what is listed and clone without a thread, allow the rest."""
    found = ARCHITECTURES.get(platform.machine())
    if found is None:
        return None
    architecture, clone, refused = found
    numbers = {n for name, n in refused.items() if name != "setrlimit"}
    numbers |= {n for name, n in SAME_EVERYWHERE.items() if name != "clone3"}

    def load(offset: int) -> bytes:
        return struct.pack("HBBI", 0x20, 0, 0, offset)  # BPF_LD | BPF_W | BPF_ABS

    def give(value: int) -> bytes:
        return struct.pack("HBBI", 0x06, 0, 0, value)  # BPF_RET | BPF_K

    def unless(kind: int, value: int) -> bytes:
        """Skip the next instruction unless the comparison holds."""
        return struct.pack("HBBI", kind, 0, 1, value)

    equal, at_least, has_bits = 0x15, 0x35, 0x45
    program = load(4) + struct.pack("HBBI", equal, 1, 0, architecture) + give(KILL)
    program += load(0) + unless(at_least, X32) + give(KILL)
    for number in sorted(numbers):
        program += unless(equal, number) + give(REFUSE)
    program += unless(equal, SAME_EVERYWHERE["clone3"]) + give(ABSENT)  # libc falls back to clone
    program += struct.pack("HBBI", equal, 0, 4, clone)  # to the last instruction
    program += load(16) + unless(has_bits, CLONE_THREAD) + give(ALLOW) + give(REFUSE)
    return program + give(ALLOW)
