#include "redis/redis_internal.h"

#include "base/num.h"

#include <netdb.h>

enum { CRC16_POLYNOMIAL = 0x1021, PORT_MAX = 65535, RANGE_WORDS = 3, ENDPOINT_WORDS = 2 };

/* ---- slots ---- */

/* CRC16 as Redis Cluster has it: XMODEM, no reflection. */
static uint16_t crc16(struct slice bytes)
{
	unsigned crc = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= (unsigned)(uint8_t)bytes.p[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ CRC16_POLYNOMIAL : crc << 1;
	}
	return (uint16_t)crc;
}

uint16_t redis_slot_of(struct slice key)
{
	const char *open = memchr(key.p, '{', key.n);
	const char *close = open ? memchr(open + 1, '}', key.n - (size_t)(open + 1 - key.p)) : NULL;

	if (close && close > open + 1)
		key = slice_make(open + 1, (size_t)(close - open - 1));
	return crc16(key) % REDIS_SLOTS;
}

/* ---- nodes ---- */

void redis_cluster_init(struct redis_cluster *cluster, const struct redis_node *pattern)
{
	*cluster = (struct redis_cluster){ 0 };
	for (size_t i = 0; i < REDIS_NODES_MAX; i++) {
		cluster->nodes[i] = *pattern;
		cluster->nodes[i].places = cluster->places[i];
	}
}

static void forget_node(struct redis_cluster *cluster, size_t i)
{
	redis_node_leave(&cluster->nodes[i]);
	cluster->places[i][0] = '\0';
}

void redis_cluster_release(struct redis_cluster *cluster)
{
	for (size_t i = 0; i < REDIS_NODES_MAX; i++)
		forget_node(cluster, i);
	memset(cluster->owners, 0, sizeof cluster->owners);
	cluster->is_on = cluster->is_old = false;
}

/* "host:port". A node that does not know its own name leaves it out, or says "?": then it is the host of who
 * answered. */
static bool make_place(struct slice host, uint64_t port, const struct redis_node *asked, char ret[REDIS_PLACE_BYTES])
{
	char numeric[REDIS_PLACE_BYTES];

	if (port == 0 || port > PORT_MAX || host.n >= REDIS_PLACE_BYTES - 8)
		return false;
	if (host.n == 0 || slice_equal_text(host, "?")) {
		if (getnameinfo((const struct sockaddr *)&asked->here.at, asked->here.bytes, numeric,
				REDIS_PLACE_BYTES - 8, NULL, 0, NI_NUMERICHOST) != 0 ||
		    *numeric == '/')
			return false;
		host = slice_of(numeric);
	}
	snprintf(ret, REDIS_PLACE_BYTES, "%.*s:%u", (int)host.n, host.p, (unsigned)port);
	return redis_places_are_sound(ret);
}

/* Index + 1 of the node at the place; 0: no more fit. */
static uint8_t node_at(struct redis_cluster *cluster, const char *place)
{
	size_t vacant = REDIS_NODES_MAX;

	for (size_t i = 0; i < REDIS_NODES_MAX; i++) {
		if (strcmp(cluster->places[i], place) == 0)
			return (uint8_t)(i + 1);
		if (cluster->places[i][0] == '\0' && vacant == REDIS_NODES_MAX)
			vacant = i;
	}
	if (vacant == REDIS_NODES_MAX)
		return 0;
	memcpy(cluster->places[vacant], place, strlen(place) + 1);
	return (uint8_t)(vacant + 1);
}

/* ---- the map ---- */

static bool is_words(const redisReply *reply, size_t at_least)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements >= at_least;
}

static bool is_slot(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer < REDIS_SLOTS;
}

/* first, last, master, replicas ..; a master is host, port, and more. */
static bool take_range(struct redis_cluster *cluster, const redisReply *range, const struct redis_node *asked,
		       uint8_t owners[REDIS_SLOTS])
{
	char place[REDIS_PLACE_BYTES];

	if (!is_words(range, RANGE_WORDS) || !is_slot(range->element[0]) || !is_slot(range->element[1]) ||
	    !is_words(range->element[2], ENDPOINT_WORDS))
		return false;
	const redisReply *host = range->element[2]->element[0], *port = range->element[2]->element[1];
	struct slice name = host->type == REDIS_REPLY_STRING ? slice_make(host->str, (size_t)host->len)
							     : (struct slice){ 0 };

	if (port->type != REDIS_REPLY_INTEGER || port->integer < 0 ||
	    !make_place(name, (uint64_t)port->integer, asked, place))
		return false;
	uint8_t owner = node_at(cluster, place);

	for (int64_t slot = range->element[0]->integer; slot <= range->element[1]->integer; slot++)
		owners[slot] = owner;
	return true;
}

static void forget_nodes_without_slots(struct redis_cluster *cluster)
{
	bool owns[REDIS_NODES_MAX + 1] = { false };

	for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
		owns[cluster->owners[slot]] = true;
	for (size_t i = 0; i < REDIS_NODES_MAX; i++)
		if (!owns[i + 1])
			forget_node(cluster, i);
}

bool redis_cluster_take_map(struct redis_cluster *cluster, const redisReply *reply, const struct redis_node *asked)
{
	uint8_t owners[REDIS_SLOTS] = { 0 };

	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (!take_range(cluster, reply->element[i], asked, owners))
			return false;
	memcpy(cluster->owners, owners, sizeof owners);
	cluster->is_on = true;
	cluster->is_old = false;
	forget_nodes_without_slots(cluster);
	return true;
}

/* "MOVED 3999 host:port", "ASK 3999 host:port" */
static bool parse_redirect(const redisReply *reply, struct slice *ret_host, uint64_t *ret_port, uint16_t *ret_slot)
{
	struct slice rest = slice_make(reply->str, (size_t)reply->len);
	const char *first = memchr(rest.p, ' ', rest.n),
		   *second = first ? memchr(first + 1, ' ', rest.n - (size_t)(first + 1 - rest.p)) : NULL;
	const char *colon = second ? memrchr(second, ':', rest.n - (size_t)(second - rest.p)) : NULL;
	uint64_t slot;

	if (!colon || !num_parse_u64(slice_make(first + 1, (size_t)(second - first - 1)), REDIS_SLOTS - 1, &slot) ||
	    !num_parse_u64(slice_make(colon + 1, rest.n - (size_t)(colon + 1 - rest.p)), PORT_MAX, ret_port))
		return false;
	*ret_host = slice_make(second + 1, (size_t)(colon - second - 1));
	*ret_slot = (uint16_t)slot;
	return true;
}

bool redis_cluster_take_redirect(struct redis_cluster *cluster, const redisReply *reply, const struct redis_node *asked,
				 struct redis_redirect *ret)
{
	bool is_ask = redis_reply_is(reply, "ASK");
	char place[REDIS_PLACE_BYTES];
	struct slice host;
	uint64_t port;

	*ret = (struct redis_redirect){ .is_ask = is_ask };
	if (!is_ask && !redis_reply_is(reply, "MOVED"))
		return false;
	cluster->is_on = true;
	if (!is_ask)
		cluster->is_old = true;
	if (!parse_redirect(reply, &host, &port, &ret->slot) || !make_place(host, port, asked, place))
		return true;
	uint8_t owner = node_at(cluster, place);

	if (owner == 0)
		return true;
	ret->node = &cluster->nodes[owner - 1];
	if (!is_ask)
		cluster->owners[ret->slot] = owner;
	return true;
}
