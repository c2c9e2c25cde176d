#include "redis/redis_script.h"

/* KEYS: head. ARGV: key prefix, board numbers. Gives gen wm vp tip seal, how many boards have a field, then marks and
 * entries of each board; or nothing. HKEYS counts, as our user may be allowed no HLEN. */
static const char READ[] =
	"if redis.call('EXISTS', KEYS[1]) == 0 then return {} end\n"
	"local head = redis.call('HMGET', KEYS[1], 'gen', 'wm', 'vp', 'tip', 'seal')\n"
	"local out = { head[1], head[2], head[3], head[4], head[5],\n"
	"              tostring(#redis.call('HKEYS', KEYS[1]) - 5) }\n"
	"for i = 2, #ARGV do\n"
	"  out[#out + 1] = redis.call('HGET', KEYS[1], 'b' .. ARGV[i])\n"
	"  out[#out + 1] = head[1] and redis.call('GET', ARGV[1] .. head[1] .. ':' .. ARGV[i])\n"
	"end\n"
	"return out\n";

/* KEYS: head, attempts. ARGV: gen and vp that must stand, key prefix with gen, wm vp tip seal to be, wm in 20 digits,
 * seconds an entry lives, how many boards will have a field; then of each board: number, marks, "set" or "del",
 * entries. The head is written last. */
static const char ADVANCE[] =
	"local head = redis.call('HMGET', KEYS[1], 'gen', 'vp')\n"
	"if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return 0 end\n"
	"local boards = #redis.call('HKEYS', KEYS[1]) - 5\n"
	"for i = 11, #ARGV, 4 do\n"
	"  if not redis.call('HGET', KEYS[1], 'b' .. ARGV[i]) then boards = boards + 1 end\n"
	"end\n"
	"if tostring(boards) ~= ARGV[10] then return 0 end\n"
	"for i = 11, #ARGV, 4 do\n"
	"  local key = ARGV[3] .. ARGV[i]\n"
	"  if ARGV[i + 2] == 'set' then redis.call('SET', key, ARGV[i + 3], 'EX', ARGV[9])\n"
	"  else redis.call('DEL', key) end\n"
	"end\n"
	"for i = 11, #ARGV, 4 do redis.call('HSET', KEYS[1], 'b' .. ARGV[i], ARGV[i + 1]) end\n"
	"redis.call('HSET', KEYS[1], 'wm', ARGV[4], 'vp', ARGV[5], 'tip', ARGV[6], 'seal', ARGV[7])\n"
	"for _, offset in ipairs(redis.call('HKEYS', KEYS[2])) do\n"
	"  if offset < ARGV[8] then redis.call('HDEL', KEYS[2], offset) end\n"
	"end\n"
	"return 1\n";

/* KEYS: head. ARGV: gen wm vp tip seal, then of each board: number, marks. */
static const char BEGIN[] =
	"if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end\n"
	"for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], 'b' .. ARGV[i], ARGV[i + 1]) end\n"
	"redis.call('HSET', KEYS[1], 'gen', ARGV[1], 'wm', ARGV[2], 'vp', ARGV[3], 'tip', ARGV[4], 'seal', ARGV[5])\n"
	"return 1\n";

/* KEYS: attempts. ARGV: the raw offset in 20 digits, of which the byte order is the order; 1 or -1. */
static const char TRY[] = "return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])\n";

const char *redis_script_text(enum redis_script script)
{
	static const char *const TEXTS[] = {
		[REDIS_READ] = READ,
		[REDIS_ADVANCE] = ADVANCE,
		[REDIS_BEGIN] = BEGIN,
		[REDIS_TRY] = TRY,
	};

	return TEXTS[script];
}
