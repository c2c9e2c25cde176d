#include "base/arena.h"

#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

int arena_init(struct arena *arena, size_t cap_bytes, size_t keep_bytes, struct err *err)
{
	size_t bytes;

	if (__builtin_add_overflow(cap_bytes, (size_t)PAGE_BYTES - 1, &bytes))
		return err_set(err, ERR_FATAL, "arena", "%zu bytes are more than an arena can hold", cap_bytes);
	bytes -= bytes % PAGE_BYTES;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return err_set(err, ERR_FATAL, "arena", "the system has no address space for %zu bytes", bytes);
	*arena = (struct arena){ .memory = memory, .cap_bytes = bytes, .keep_bytes = keep_bytes };
	return 0;
}

void arena_release(struct arena *arena)
{
	if (arena->memory)
		munmap(arena->memory, arena->cap_bytes);
	*arena = (struct arena){ 0 };
}

void arena_reset(struct arena *arena)
{
	size_t keep = (arena->keep_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	arena->peak_bytes = MAX(arena->peak_bytes, arena->used_bytes);
	if (arena->peak_bytes > keep && keep < arena->cap_bytes) {
		madvise(arena->memory + keep, arena->cap_bytes - keep, MADV_DONTNEED);
		arena->peak_bytes = 0;
	}
	arena->used_bytes = 0;
}

void *arena_take(struct arena *arena, size_t count, size_t item_bytes)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, item_bytes, &bytes) || bytes > arena->cap_bytes - arena->used_bytes)
		return NULL;
	void *start = arena->memory + arena->used_bytes;

	/* the cap is a multiple of the alignment, so rounding up cannot pass it */
	arena->used_bytes += (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	return start;
}

void *arena_take_zeroed(struct arena *arena, size_t count, size_t item_bytes)
{
	void *start = arena_take(arena, count, item_bytes);

	if (start)
		memset(start, 0, count * item_bytes);
	return start;
}

bool arena_copy(struct arena *arena, struct slice from, struct slice *ret)
{
	char *copy = arena_take(arena, from.n, 1);

	if (!copy)
		return false;
	if (from.n > 0)
		memcpy(copy, from.p, from.n);
	*ret = slice_make(copy, from.n);
	return true;
}
