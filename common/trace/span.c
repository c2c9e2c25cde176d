#include "trace/span.h"

#include "base/num.h"
#include "model/delivery.h"

#include <assert.h>
#include <stdio.h>

_Static_assert((int)SPAN_DELIVERY_BYTES > (int)DELIVERY_ID_BYTES_MAX, "any id of a delivery fits");

void span_set_id(uint8_t to[SPAN_ID_BYTES], const uint8_t from[SPAN_ID_BYTES])
{
	static const uint8_t NONE[SPAN_ID_BYTES];

	memcpy(to, from, SPAN_ID_BYTES);
	if (memcmp(to, NONE, SPAN_ID_BYTES) == 0)
		to[0] = 1;
}

bool span_init(struct span *span, struct slice trace_id, struct slice parent_id, const uint8_t id[SPAN_ID_BYTES])
{
	*span = (struct span){ .board = -1 };
	span_set_id(span->id, id);
	if (parent_id.n > 0 && !num_from_hex(parent_id, span->parent_id, sizeof span->parent_id))
		return false;
	return num_from_hex(trace_id, span->trace_id, sizeof span->trace_id);
}

void span_name(struct span *span, const char *what, const char *of)
{
	snprintf(span->name, sizeof span->name, "%s %s", what, of);
}

void span_set_delivery(struct span *span, uint32_t board, struct slice delivery_id)
{
	span->board = (int32_t)board;
	if (delivery_id.n == 0 || delivery_id.n >= sizeof span->delivery_id)
		return;
	memcpy(span->delivery_id, delivery_id.p, delivery_id.n);
	span->delivery_id[delivery_id.n] = '\0';
}

static void add(struct span *span, struct span_attribute attribute)
{
	assert(span->attribute_count < SPAN_ATTRIBUTES_MAX);
	span->attributes[span->attribute_count++] = attribute;
}

void span_add_text(struct span *span, const char *key, const char *text)
{
	add(span, (struct span_attribute){ .key = key, .value = SPAN_TEXT, .text = text });
}

void span_add_number(struct span *span, const char *key, int64_t number)
{
	add(span, (struct span_attribute){ .key = key, .value = SPAN_NUMBER, .number = number });
}

void span_add_message(struct span *span, const char *operation, const char *topic, int32_t partition, int64_t offset)
{
	span_name(span, operation, topic);
	span_add_text(span, "messaging.system", "kafka");
	span_add_text(span, "messaging.operation.type", operation);
	span_add_text(span, "messaging.destination.name", topic);
	if (partition < 0)
		return;
	add(span, (struct span_attribute){
			  .key = "messaging.destination.partition.id",
			  .value = SPAN_NUMBER_AS_TEXT,
			  .number = partition,
		  });
	span_add_number(span, "messaging.kafka.offset", offset);
}
