/* Where the servers are: each host of the connection string with each address its name has now. libpq would resolve and
 * walk them itself, but its walk stays with a host that accepts and says nothing; ours has a deadline for each. */
#include "pg/pg_internal.h"

#include <netdb.h>

static const char *value_of(const PQconninfoOption *list, const char *keyword)
{
	for (; list && list->keyword; list++)
		if (strcmp(list->keyword, keyword) == 0)
			return list->val && *list->val ? list->val : NULL;
	return NULL;
}

/* From the connection string, else the environment, else libpq's own default. */
static struct slice find_value(const PQconninfoOption *list, const PQconninfoOption *defaults, const char *keyword)
{
	const char *value = value_of(list, keyword);

	return slice_of(value ? value : value_of(defaults, keyword));
}

static void drop_conninfo(PQconninfoOption **list)
{
	PQconninfoFree(*list);
}

/* Cuts the next item off a list with commas. */
static struct slice next_item(struct slice *rest)
{
	const char *comma = rest->n > 0 ? memchr(rest->p, ',', rest->n) : NULL;
	struct slice item = slice_cut(rest, comma ? (size_t)(comma - rest->p) : rest->n);

	if (comma)
		slice_cut(rest, 1);
	return item;
}

static bool copy(char *out, size_t out_bytes, struct slice text)
{
	if (text.n >= out_bytes)
		return false;
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static void add_place(struct pg_places *places, const struct pg_place *place)
{
	if (places->count < PG_PLACES_MAX)
		places->items[places->count++] = *place;
}

/* place: its host and port. */
static void add_addresses(struct pg_places *places, struct pg_place *place)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo(place->host, NULL, &hints, &found) != 0)
		return;
	for (const struct addrinfo *info = found; info; info = info->ai_next)
		if (getnameinfo(info->ai_addr, info->ai_addrlen, place->address, sizeof place->address, NULL, 0,
				NI_NUMERICHOST) == 0)
			add_place(places, place);
	freeaddrinfo(found);
}

static bool is_path(const char *host)
{
	return *host == '\0' || *host == '/' || *host == '@';
}

static void add_host(struct pg_places *places, struct slice host, struct slice address, struct slice port)
{
	struct pg_place place;

	if (!copy(place.host, sizeof place.host, host) || !copy(place.address, sizeof place.address, address) ||
	    !copy(place.port, sizeof place.port, port))
		return;
	if (address.n > 0 || is_path(place.host))
		add_place(places, &place);
	else
		add_addresses(places, &place);
}

static void add_hosts(struct pg_places *places, struct slice hosts, struct slice addresses, struct slice ports)
{
	struct slice port = next_item(&ports);

	do {
		add_host(places, next_item(&hosts), next_item(&addresses), port);
		if (ports.n > 0)
			port = next_item(&ports); /* a single one is that of all hosts */
	} while (hosts.n > 0 || addresses.n > 0);
}

/* Unless the connection string asks for another: who reads an old copy is no help, and who writes needs it. */
static bool wants_primary(const PQconninfoOption *list, struct slice target)
{
	return slice_equal_text(target, "read-write") || slice_equal_text(target, "primary") ||
	       (slice_equal_text(target, "any") && !value_of(list, "target_session_attrs"));
}

int pg_places_find(const char *conninfo, struct pg_places *ret, struct err *err)
{
	CLEANUP(drop_conninfo) PQconninfoOption *list = PQconninfoParse(conninfo, NULL);
	CLEANUP(drop_conninfo) PQconninfoOption *defaults = PQconndefaults();

	*ret = (struct pg_places){ 0 };
	if (!list || !defaults)
		return err_set(err, ERR_RETRY, "memory", "no memory for a connection to PostgreSQL");
	struct slice target = find_value(list, defaults, "target_session_attrs");

	ret->wants_primary = wants_primary(list, target);
	if (value_of(list, "service") || slice_equal_text(target, "prefer-standby")) {
		ret->count = 1;
		return 0;
	}
	add_hosts(ret, find_value(list, defaults, "host"), find_value(list, defaults, "hostaddr"),
		  find_value(list, defaults, "port"));
	if (ret->count == 0) {
		struct slice hosts = find_value(list, defaults, "host");
		char where[PEER_WHERE_BYTES];

		snprintf(where, sizeof where, "%.*s", (int)MIN(hosts.n, sizeof where - 1), hosts.n > 0 ? hosts.p : "");
		peer_failed_at(PEER_POSTGRESQL, PEER_NAME, where);
		return err_set(err, ERR_RETRY, "name", "no host of pg.conninfo has an address now: %s", where);
	}
	return 0;
}
