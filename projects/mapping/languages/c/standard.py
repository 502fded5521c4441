"""The headers every C system has: what the standards and POSIX name.

Source: ISO C23 7.1.2, ISO C++23 [headers], POSIX.1-2024 "Headers".
"""

_C = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
    stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn
    string tgmath threads time uchar wchar wctype
    aio cpio dirent dlfcn endian fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen libintl
    mqueue ndbm netdb nl_types poll pthread pwd regex sched search semaphore spawn strings
    stropts syslog tar termios trace ulimit unistd utime utmpx wordexp malloc memory getopt
    arpa/inet net/if netinet/in netinet/tcp sys/ioctl sys/ipc sys/mman sys/msg sys/param
    sys/resource sys/select sys/sem sys/shm sys/socket sys/stat sys/statvfs sys/time sys/timeb
    sys/times sys/types sys/uio sys/un sys/utsname sys/wait sys/epoll sys/event sys/file
    windows winsock2 ws2tcpip
"""
_CPP = """
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv
    chrono cinttypes ciso646 climits clocale cmath codecvt compare complex concepts
    condition_variable coroutine csetjmp csignal cstdarg cstdbool cstddef cstdint cstdio cstdlib
    cstring ctgmath ctime cuchar cwchar cwctype deque exception execution expected filesystem
    format forward_list fstream functional future generator initializer_list iomanip ios iosfwd
    iostream istream iterator latch limits list locale map mdspan memory memory_resource mutex
    new numbers numeric optional ostream print queue random ranges ratio regex scoped_allocator
    semaphore set shared_mutex source_location span spanstream sstream stack stacktrace stdexcept
    stdfloat stop_token streambuf string string_view strstream syncstream system_error thread
    tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant
    vector version
"""
STANDARD = frozenset([f"{name}.h" for name in _C.split()] + _CPP.split())
