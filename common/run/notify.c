#include "run/notify.h"

#include "base/clock.h"
#include "base/slice.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WATCHDOG_PAUSE_MS = 1000, STATUS_BYTES_MAX = 256 };

static void notify_send(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct slice path = slice_of(getenv("NOTIFY_SOCKET"));

	if (path.n < 2 || path.n >= sizeof to.sun_path || (path.p[0] != '/' && path.p[0] != '@'))
		return;
	memcpy(to.sun_path, path.p, path.n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0'; /* the abstract name space of Linux */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	socklen_t to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n);

	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, to_bytes);
	close(fd);
}

void notify_ready(void)
{
	notify_send("READY=1");
}

void notify_status(const char *text)
{
	char state[STATUS_BYTES_MAX];

	snprintf(state, sizeof state, "STATUS=%s", text);
	notify_send(state);
}

void notify_watchdog(void)
{
	static _Atomic int64_t last_ms;
	int64_t now_ms = clock_ms();

	if (now_ms - atomic_load(&last_ms) < WATCHDOG_PAUSE_MS)
		return;
	atomic_store(&last_ms, now_ms);
	notify_send("WATCHDOG=1");
}

void notify_stopping(void)
{
	notify_send("STOPPING=1");
}
