/* http_listen: listening sockets of TCP over IPv4 and IPv6 and of Unix, and the names of those who connect. */
#include "base/num.h"
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, HOST_BYTES_MAX = 256, PORT_MAX = 65535 };
#define UNIX_PREFIX "unix:"

static int fail(const char *address, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, "listen", "%s %s (%s)", address, what, strerrorname_np(errno));
}

/* "127.0.0.1:80", "[::1]:80", "name:80" */
static int split_address(const char *address, char host[HOST_BYTES_MAX], const char **ret_port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	uint64_t port;

	if (!colon || colon == address || colon - address >= HOST_BYTES_MAX ||
	    !num_parse_u64(slice_of(colon + 1), PORT_MAX, &port)) /* getaddrinfo takes 99999 and wraps it */
		return err_set(err, ERR_CONFIG, "listen",
			       "%s is no address to listen on: write host:port, [IPv6]:port or unix:/path", address);
	struct slice name = { address, (size_t)(colon - address) };
	bool has_brackets = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';

	if (has_brackets)
		name = slice_make(name.p + 1, name.n - 2);
	if (!has_brackets && memchr(name.p, ':', name.n))
		return err_set(err, ERR_CONFIG, "listen", "%s: an IPv6 address stands in brackets: [::1]:8080",
			       address);
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static int listen_on(int fd, const struct sockaddr *address, socklen_t bytes, const char *name, struct err *err)
{
	int on = 1;

	if (address->sa_family != AF_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
		return fail(name, "cannot be prepared", err);
	if (bind(fd, address, bytes) != 0)
		return fail(name, errno == EADDRINUSE ? "is in use by another program" : "cannot be listened on", err);
	return listen(fd, BACKLOG) == 0 ? 0 : fail(name, "cannot be listened on", err);
}

static int open_socket(const struct sockaddr *address, socklen_t bytes, const char *name, int *ret_fd, struct err *err)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(name, "cannot be opened", err);
	int rc = listen_on(fd, address, bytes, name, err);

	if (rc != 0) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

/* Its process was killed: nobody takes connections there. */
static bool is_left_behind(const struct sockaddr_un *address)
{
	struct stat found;

	if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool is_refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
			  errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return is_refused;
}

static int listen_unix(const char *name, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = name + sizeof UNIX_PREFIX - 1;

	if (strlen(path) >= sizeof address.sun_path || path[0] != '/')
		return err_set(err, ERR_CONFIG, "listen",
			       "%s: the path of a socket begins with / and has at most %zu bytes", name,
			       sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	if (is_left_behind(&address))
		unlink(path);
	return open_socket((struct sockaddr *)&address, sizeof address, name, ret_fd, err);
}

static void drop_addrinfo(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

int http_listen(const char *address, int *ret_fd, struct err *err)
{
	static const struct addrinfo HINTS = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	CLEANUP(drop_addrinfo) struct addrinfo *list = NULL;
	char host[HOST_BYTES_MAX];
	const char *port = NULL;

	if (strncmp(address, UNIX_PREFIX, sizeof UNIX_PREFIX - 1) == 0)
		return listen_unix(address, ret_fd, err);
	int rc = split_address(address, host, &port, err);

	if (rc != 0)
		return rc;
	if (getaddrinfo(host, port, &HINTS, &list) != 0)
		return err_set(err, ERR_CONFIG, "listen", "the name in %s is unknown here", address);
	return open_socket(list->ai_addr, list->ai_addrlen, address, ret_fd, err);
}

bool http_peer_is_near(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
	return true;
}

void http_peer(const struct sockaddr_storage *address, char name[48], uint8_t key[16])
{
	memset(key, 0, 16);
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

		inet_ntop(AF_INET6, &six->sin6_addr, name, 48);
		memcpy(key, &six->sin6_addr, IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) ? 16 : 8); /* one sender has a /64 */
	} else if (address->ss_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)address;

		inet_ntop(AF_INET, &four->sin_addr, name, 48);
		memset(key + 10, 0xff, 2);
		memcpy(key + 12, &four->sin_addr, 4);
	} else {
		snprintf(name, 48, "unix");
	}
}
