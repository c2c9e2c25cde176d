/* counts: what a worker asks of the system and of its libraries, counted by a library before its own (LD_PRELOAD).
 *
 * The counters lie in the file INSTROOM_COUNTS, mapped, so that a meter outside reads them at any moment; COUNT_NAMES
 * in harness/counts.py has their order. Times differ from run to run on a busy machine; these hardly do. */
#include <dlfcn.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_POLLS, COUNT_SENDS, COUNT_COMMITS, COUNT_ALLOCATIONS, COUNTS };

static _Atomic long unread[COUNTS];
static _Atomic long *counts = unread;

__attribute__((constructor)) static void map_counts(void)
{
	const char *path = getenv("INSTROOM_COUNTS");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, sizeof unread) != 0)
		return;
	void *mapped = mmap(NULL, sizeof unread, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (mapped != MAP_FAILED)
		counts = mapped;
}

static void count(int which)
{
	atomic_fetch_add_explicit(&counts[which], 1, memory_order_relaxed);
}

/* Names of the library behind ours. ISO C knows no cast from an object's address to a function's. */
#define NEXT(name)                                                     \
	static __typeof__(&name) next;                                 \
	if (!next)                                                     \
		*(void **)&next = dlsym(RTLD_NEXT, #name)

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	NEXT(poll);
	count(COUNT_POLLS);
	return next(fds, n, timeout_ms);
}

/* what poll() is where _FORTIFY_SOURCE knows the array */
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t bytes);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t bytes)
{
	NEXT(__poll_chk);
	count(COUNT_POLLS);
	return next(fds, n, timeout_ms, bytes);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	NEXT(write);
	count(COUNT_SENDS);
	return next(fd, bytes, n);
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	NEXT(send);
	count(COUNT_SENDS);
	return next(fd, bytes, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	NEXT(sendmsg);
	count(COUNT_SENDS);
	return next(fd, message, flags);
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets, int is_async)
{
	NEXT(rd_kafka_commit);
	count(COUNT_COMMITS);
	return next(rk, offsets, is_async);
}

/* glibc's own names: dlsym() itself allocates, so it cannot be asked for these. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
	count(COUNT_ALLOCATIONS);
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	count(COUNT_ALLOCATIONS);
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	count(COUNT_ALLOCATIONS);
	return __libc_realloc(p, n);
}
