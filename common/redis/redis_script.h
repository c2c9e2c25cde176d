/* redis_script: the scripts of the cache, in Lua. They compare and copy byte strings and count nothing: numbers of Lua
 * are doubles, and ours go to 2^63 - 1. One exception: the attempts, by HINCRBY of the server. For this module. */
#ifndef REDIS_REDIS_SCRIPT_H
#define REDIS_REDIS_SCRIPT_H

enum redis_script { REDIS_READ, REDIS_ADVANCE, REDIS_BEGIN, REDIS_TRY, REDIS_SCRIPT_COUNT };

const char *redis_script_text(enum redis_script script);

#endif
