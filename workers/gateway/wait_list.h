/* wait_list: who waits for a moment. The owner of each waiter embeds it; the list allocates nothing.
 *
 * Pure; owner: the event loop. A waiter is in one list at most, and stays in memory until it is taken. The list is not
 * sorted: only confirmations wait for a moment, a few at a time. */
#ifndef GATEWAY_WAIT_LIST_H
#define GATEWAY_WAIT_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct waiter {
	int64_t due_ms;
	void *owner;
	struct waiter *next; /* the list's own */
};

struct wait_list {
	struct waiter *first;
};

void wait_list_add(struct wait_list *list, struct waiter *waiter, int64_t due_ms);

/* Removes and returns those that are due, joined by next; NULL: none. They may be added again while they are walked, as
 * long as next is read before. */
struct waiter *wait_list_take_due(struct wait_list *list, int64_t now_ms);

/* How long until the first is due, but wait_ms_max at most; 0: one is due. */
int wait_list_wait_ms(const struct wait_list *list, int64_t now_ms, int wait_ms_max);

static inline bool wait_list_is_empty(const struct wait_list *list)
{
	return !list->first;
}

#endif
