#include "redis/redis_internal.h"

#include "base/num.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

enum { PORT_MAX = 65535 };

/* One place, cut in its parts. host is empty for a path. */
struct place {
	char host[REDIS_PLACE_BYTES];
	char port[8];
	char path[REDIS_PLACE_BYTES];
};

static bool copy(char *out, size_t out_bytes, struct slice text)
{
	if (text.n == 0 || text.n >= out_bytes)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

/* The part behind the last colon is the port, so that an IPv6 address needs no brackets; with brackets it may be. */
static bool parse_place(struct slice text, struct place *ret)
{
	const char *colon = memrchr(text.p, ':', text.n);
	uint64_t port;

	*ret = (struct place){ 0 };
	if (text.n > 0 && text.p[0] == '/')
		return text.n < sizeof(((struct sockaddr_un *)NULL)->sun_path) &&
		       copy(ret->path, sizeof ret->path, text);
	if (!colon)
		return false;
	struct slice host = slice_make(text.p, (size_t)(colon - text.p));
	struct slice digits = slice_make(colon + 1, text.n - host.n - 1);

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_make(host.p + 1, host.n - 2);
	return num_parse_u64(digits, PORT_MAX, &port) && port > 0 && copy(ret->port, sizeof ret->port, digits) &&
	       copy(ret->host, sizeof ret->host, host);
}

/* Cuts the next place off the list. */
static struct slice next_place(struct slice *rest)
{
	const char *comma = memchr(rest->p, ',', rest->n);
	struct slice place = slice_cut(rest, comma ? (size_t)(comma - rest->p) : rest->n);

	if (comma)
		slice_cut(rest, 1);
	return place;
}

bool redis_places_are_sound(const char *places)
{
	struct slice rest = slice_of(places);
	struct place place;

	do {
		if (!parse_place(next_place(&rest), &place))
			return false;
	} while (rest.n > 0);
	return places[strlen(places) - 1] != ',';
}

static void add_path(const char *path, struct redis_address *addresses, size_t *count)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (*count == REDIS_ADDRESSES_MAX)
		return;
	memcpy(at.sun_path, path, strlen(path) + 1);
	addresses[*count] = (struct redis_address){ .bytes = sizeof at };
	memcpy(&addresses[(*count)++].at, &at, sizeof at);
}

static void add_host(const struct place *place, struct redis_address *addresses, size_t *count)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;

	if (getaddrinfo(place->host, place->port, &hints, &found) != 0)
		return;
	for (const struct addrinfo *info = found; info && *count < REDIS_ADDRESSES_MAX; info = info->ai_next) {
		if (info->ai_addrlen > sizeof addresses->at)
			continue;
		addresses[*count] = (struct redis_address){ .bytes = info->ai_addrlen };
		snprintf(addresses[*count].host, sizeof addresses->host, "%s", place->host);
		memcpy(&addresses[(*count)++].at, info->ai_addr, info->ai_addrlen);
	}
	freeaddrinfo(found);
}

void redis_address_name(const struct redis_address *address, char *buf, size_t buf_bytes)
{
	const struct sockaddr *at = (const struct sockaddr *)&address->at;

	*buf = '\0';
	if (address->bytes == 0)
		return;
	if (at->sa_family == AF_INET)
		snprintf(buf, buf_bytes, "%s:%u", address->host, ntohs(((const struct sockaddr_in *)at)->sin_port));
	else if (at->sa_family == AF_INET6)
		snprintf(buf, buf_bytes, strchr(address->host, ':') ? "[%s]:%u" : "%s:%u", address->host,
			 ntohs(((const struct sockaddr_in6 *)at)->sin6_port));
	else
		snprintf(buf, buf_bytes, "%s", ((const struct sockaddr_un *)at)->sun_path);
}

void redis_places_resolve(const char *places, struct redis_address ret[REDIS_ADDRESSES_MAX], size_t *ret_count)
{
	struct slice rest = slice_of(places);
	struct place place;

	*ret_count = 0;
	while (rest.n > 0) {
		if (!parse_place(next_place(&rest), &place))
			continue;
		if (*place.path)
			add_path(place.path, ret, ret_count);
		else
			add_host(&place, ret, ret_count);
	}
}
