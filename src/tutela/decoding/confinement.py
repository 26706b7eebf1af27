"""Takes from a process everything that decoding does not need. Linux: limits and seccomp.

After `confine` the process may compute, use memory up to its limit, start threads, and read and
write the pipes it already has. The kernel refuses every other system call: it may open no file or
socket, start no program or process, and signal or change no other.
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
CLONE_OTHER = 0xFFFFFFFF & ~0x007D0F00
"""All flags but those with which glibc and musl start a thread: new namespaces are among them."""

CLONE3 = 435  # on every architecture

# Numbers of the allowed system calls: Linux, arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h. clone and prlimit64 are allowed for some arguments only.
X86_64 = {
    "read": 0, "write": 1, "close": 3, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
    "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19,
    "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39,
    "exit": 60, "gettimeofday": 96, "getrusage": 98, "sigaltstack": 131, "gettid": 186,
    "futex": 202, "sched_getaffinity": 204, "set_tid_address": 218, "restart_syscall": 219,
    "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
    "set_robust_list": 273, "getcpu": 309, "getrandom": 318, "membarrier": 324, "rseq": 334,
}  # fmt: skip
AARCH64 = {
    "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "exit": 93,
    "exit_group": 94, "set_tid_address": 96, "futex": 98, "set_robust_list": 99, "nanosleep": 101,
    "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123,
    "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
    "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "getcpu": 168,
    "gettimeofday": 169, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216,
    "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "rseq": 293,
}  # fmt: skip
ARCHITECTURES = {  # AUDIT_ARCH, clone, prlimit64, the others
    "x86_64": (0xC000003E, 56, 302, X86_64),
    "aarch64": (0xC00000B7, 220, 261, AARCH64),
}


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
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _mapped() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _program() -> bytes | None:
    """A classic BPF program: allow what is listed, a new thread, and limits on itself."""
    found = ARCHITECTURES.get(platform.machine())
    if found is None:
        return None
    architecture, clone, prlimit64, allowed = found
    equal, has_bits = 0x15, 0x45  # BPF_JMP | BPF_K, with BPF_JEQ or BPF_JSET

    def load(offset: int) -> bytes:
        return struct.pack("HBBI", 0x20, 0, 0, offset)  # BPF_LD | BPF_W | BPF_ABS

    def give(value: int) -> bytes:
        return struct.pack("HBBI", 0x06, 0, 0, value)  # BPF_RET | BPF_K

    def unless(kind: int, value: int, skip: int = 1) -> bytes:
        """Skip instructions unless the comparison holds."""
        return struct.pack("HBBI", kind, 0, skip, value)

    program = load(4) + struct.pack("HBBI", equal, 1, 0, architecture) + give(KILL)
    program += load(0)  # the number; the x32 numbers, from 0x40000000 on, are none of those listed
    for number in sorted(allowed.values()):
        program += unless(equal, number) + give(ALLOW)
    program += unless(equal, CLONE3) + give(
        ABSENT
    )  # its flags cannot be seen; libc then uses clone
    program += unless(equal, clone, 6) + load(16)
    program += unless(has_bits, CLONE_OTHER) + give(REFUSE)
    program += unless(has_bits, CLONE_THREAD) + give(ALLOW) + give(REFUSE)
    program += unless(equal, prlimit64, 3) + load(16) + unless(equal, 0) + give(ALLOW)
    return program + give(REFUSE)
