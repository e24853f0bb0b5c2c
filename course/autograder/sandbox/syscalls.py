"""The system calls that a student's process may make, with their numbers on the two processors we know.

Each entry is `name:x86_64:aarch64`, '-' where that processor has no such call (the kernel's `asm/unistd_64.h`
and `asm-generic/unistd.h`). Whatever is not listed is refused. Not listed, among others: starting programs,
opening sockets, tracing, looking into other processes, memory outside the cap (memfd, SysV), links, devices,
mounts, namespaces, keys, io_uring.
"""

FILES = """
    read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69
    pwritev:296:70 close:3:57 close_range:436:436 lseek:8:62 stat:4:- lstat:6:-
    fstat:5:80 newfstatat:262:79 statx:332:291 statfs:137:43 fstatfs:138:44 access:21:- faccessat:269:48
    faccessat2:439:439 readlink:89:- readlinkat:267:78 getcwd:79:17 chdir:80:49 fchdir:81:50 dup:32:23
    dup2:33:- dup3:292:24 pipe:22:- pipe2:293:59 flock:73:32 fsync:74:82
    fdatasync:75:83 ftruncate:77:46 fallocate:285:47 fadvise64:221:223 getdents:78:- getdents64:217:61
    mkdir:83:- mkdirat:258:34 rmdir:84:- unlink:87:- unlinkat:263:35 rename:82:- renameat:264:38
    renameat2:316:276 umask:95:166 copy_file_range:326:285 sendfile:40:71
"""
WAITING = """
    poll:7:- ppoll:271:73 select:23:- pselect6:270:72 epoll_create:213:- epoll_create1:291:20
    epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 epoll_pwait2:441:441 eventfd:284:-
    eventfd2:290:19 timerfd_create:283:85 timerfd_settime:286:86 timerfd_gettime:287:87 pause:34:-
"""
MEMORY = """
    mmap:9:222 munmap:11:215 mprotect:10:226 mremap:25:216 madvise:28:233 brk:12:214 mincore:27:232
    msync:26:227 membarrier:324:283
"""
PROCESS = """
    exit:60:93 exit_group:231:94 getpid:39:172 gettid:186:178 getppid:110:173 getuid:102:174
    geteuid:107:175 getgid:104:176 getegid:108:177 getresuid:118:148 getresgid:120:150 getgroups:115:158
    getpgrp:111:- getpgid:121:155 getsid:124:156 wait4:61:260 waitid:247:95 set_tid_address:218:96
    set_robust_list:273:99 get_robust_list:274:100 rseq:334:293 futex:202:98 futex_waitv:449:449
    sched_yield:24:124 sched_getaffinity:204:123 sched_getparam:143:121 sched_getscheduler:145:120
    sched_get_priority_max:146:125 sched_get_priority_min:147:126 getrlimit:97:163 setrlimit:160:164
    getrusage:98:165 times:100:153 getpriority:140:141 uname:63:160 sysinfo:99:179 getcpu:309:168
    arch_prctl:158:- getrandom:318:278 capget:125:90
"""
TIME = """
    clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115 nanosleep:35:101
    gettimeofday:96:169 time:201:- alarm:37:- setitimer:38:103 getitimer:36:102
"""
SIGNALS = """
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136
    rt_sigsuspend:130:133 rt_sigtimedwait:128:137 sigaltstack:131:132 restart_syscall:219:128
"""
SOCKETS = """
    recvfrom:45:207 recvmsg:47:212 shutdown:48:210 getsockopt:55:209 setsockopt:54:208
    getsockname:51:204 getpeername:52:205
"""
SPECIAL = """
    kill:62:129 tgkill:234:131 clone:56:220 clone3:435:435 openat2:437:437 prctl:157:167
    prlimit64:302:261 socketpair:53:199 sendto:44:206 chmod:90:- fchmod:91:52 fchmodat:268:53
    open:2:- openat:257:56 fcntl:72:25 ioctl:16:29
"""
ARCHITECTURES = {"x86_64": 0, "aarch64": 1}


def numbers(block: str, machine: str) -> dict[str, int]:
    """Names and numbers of one block on one processor ('x86_64' or 'aarch64')."""
    column = ARCHITECTURES[machine]
    entries = (entry.split(":") for entry in block.split())
    return {name: int(found[column]) for name, *found in entries if found[column] != "-"}


def allowed(machine: str) -> list[int]:
    """Numbers of every call that is allowed whatever its arguments."""
    blocks = (FILES, WAITING, MEMORY, PROCESS, TIME, SIGNALS, SOCKETS)
    return [number for block in blocks for number in numbers(block, machine).values()]
