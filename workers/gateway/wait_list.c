#include "gateway/wait_list.h"

#include "base/macros.h"

#include <stddef.h>

void wait_list_add(struct wait_list *list, struct waiter *waiter, int64_t due_ms)
{
	waiter->due_ms = due_ms;
	waiter->next = list->first;
	list->first = waiter;
}

struct waiter *wait_list_take_due(struct wait_list *list, int64_t now_ms)
{
	struct waiter *due = NULL;

	for (struct waiter **at = &list->first; *at;) {
		struct waiter *waiter = *at;

		if (waiter->due_ms > now_ms) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		waiter->next = due;
		due = waiter;
	}
	return due;
}

int wait_list_wait_ms(const struct wait_list *list, int64_t now_ms, int wait_ms_max)
{
	int64_t wait_ms = wait_ms_max;

	for (const struct waiter *waiter = list->first; waiter; waiter = waiter->next)
		wait_ms = MIN(wait_ms, MAX(waiter->due_ms - now_ms, (int64_t)0));
	return (int)wait_ms;
}
