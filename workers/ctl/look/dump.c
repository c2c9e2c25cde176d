/* dump: one message, decoded. Avro C does the generic reading, but only of bytes that our own decoder, which checks
 * every length, has accepted before.
 *
 * No header: run_dump stands in look_commands.h. */
#include "ctl/look/look_commands.h"

#include "base/num.h"
#include "kafka/kafka_reader.h"
#include "protocol/frame.h"
#include "wire/gen/confirm.h"
#include "wire/gen/delivery.h"
#include "wire/gen/forget.h"
#include "wire/gen/quarantine.h"
#include "wire/gen/reference.h"
#include "wire/gen/replay.h"
#include "wire/gen/set_back.h"
#include "wire/gen/verdict.h"
#include "wire/wire.h"

#include <avro.h>
#include <jansson.h>

/* Fields that hold personal data or secrets of a board (specification 12). */
static const char *const PERSONAL[] = { "cells",	"bsn",		 "content",
					"targets",	"employee_ref",	 "appointment_key",
					"contact_name", "contact_phone", "contact_email",
					"keys",		"hashes",	 "feedback",
					"body",		"tables" };

static bool is_personal(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(PERSONAL); i++)
		if (strcmp(name, PERSONAL[i]) == 0)
			return true;
	return false;
}

static json_t *masked(const json_t *value)
{
	char text[64];

	if (json_is_array(value))
		snprintf(text, sizeof text, "*** %zu items", json_array_size(value));
	else if (json_is_string(value))
		snprintf(text, sizeof text, "*** %zu characters", json_string_length(value));
	else
		snprintf(text, sizeof text, "***");
	return json_string(text);
}

/* Fields of the schemas that are bytes: Avro's JSON has one character a byte, which people cannot read. */
static const char *const BYTES[] = { "id",	   "parent",	  "fingerprint",     "reference_version",
				     "raw_digest", "keys_digest", "feedback_digest", "request_id",
				     "job_id",	   "version",	  "content_sha256",  "columns",
				     "classes" };

static bool is_bytes(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(BYTES); i++)
		if (strcmp(name, BYTES[i]) == 0)
			return true;
	return false;
}

/* Code points up to U+00FF in UTF-8, one a byte. */
static json_t *to_hex(const json_t *value)
{
	const char *p = json_string_value(value), *end = p + json_string_length(value);
	CLEANUP(strbuf_drop) struct strbuf hex;
	char digits[2];

	strbuf_init(&hex, CTL_MESSAGE_BYTES_MAX);
	while (p < end) {
		unsigned char byte = (unsigned char)*p++;

		if (byte >= 0x80 && p < end)
			byte = (unsigned char)((byte & 0x1f) << 6 | ((unsigned char)*p++ & 0x3f));
		num_to_hex(&byte, 1, digits);
		strbuf_add_bytes(&hex, digits, sizeof digits);
	}
	return strbuf_ok(&hex) ? json_stringn(hex.p ? hex.p : "", hex.n) : NULL;
}

static bool is_bytes_member(const char *name, const json_t *member)
{
	return json_is_string(member) && is_bytes(name);
}

static bool is_personal_member(const char *name, const json_t *member)
{
	(void)member;
	return is_personal(name);
}

/* Replaces the members that match, at any depth. false: no memory, and value is not to be shown. */
static bool replace_members(json_t *value, bool (*matches)(const char *name, const json_t *member),
			    json_t *(*made_of)(const json_t *member))
{
	const char *name;
	json_t *member;
	size_t i;

	json_array_foreach(value, i, member)
	{
		if (!replace_members(member, matches, made_of))
			return false;
	}
	json_object_foreach(value, name, member)
	{
		if (matches(name, member) ? json_object_set_new(value, name, made_of(member)) != 0
					  : !replace_members(member, matches, made_of))
			return false;
	}
	return true;
}

/* Every length in the body is what it claims. */
static int check_body(uint64_t schema, const char *name, struct slice body, struct arena *arena, struct err *err)
{
	union {
		struct wire_delivery delivery;
		struct wire_confirm confirm;
		struct wire_replay replay;
		struct wire_forget forget;
		struct wire_set_back set_back;
		struct wire_verdict verdict;
		struct wire_quarantine quarantine;
		struct wire_reference_snapshot reference;
	} v;

	if (strcmp(name, "delivery") == 0)
		return wire_delivery_decode_as(schema, body, arena, &v.delivery, err);
	if (strcmp(name, "confirm") == 0)
		return wire_confirm_decode_as(schema, body, arena, &v.confirm, err);
	if (strcmp(name, "replay") == 0)
		return wire_replay_decode_as(schema, body, arena, &v.replay, err);
	if (strcmp(name, "forget") == 0)
		return wire_forget_decode_as(schema, body, arena, &v.forget, err);
	if (strcmp(name, "set_back") == 0)
		return wire_set_back_decode_as(schema, body, arena, &v.set_back, err);
	if (strcmp(name, "verdict") == 0)
		return wire_verdict_decode_as(schema, body, arena, &v.verdict, err);
	if (strcmp(name, "quarantine") == 0)
		return wire_quarantine_decode_as(schema, body, arena, &v.quarantine, err);
	if (strcmp(name, "reference") == 0)
		return wire_reference_snapshot_decode_as(schema, body, arena, &v.reference, err);
	return err_set(err, ERR_DATA, "schema", "%s is no message of a topic", name);
}

static int to_json(const struct wire_schema *known, struct slice body, json_t **ret, struct err *err)
{
	avro_schema_t schema = NULL;
	avro_value_iface_t *class = NULL;
	avro_value_t value = { 0 };
	char *text = NULL;
	avro_reader_t reader = avro_reader_memory(body.p, (int64_t)body.n);
	bool is_good = avro_schema_from_json_length(known->json, strlen(known->json), &schema) == 0 &&
		       (class = avro_generic_class_from_schema(schema)) != NULL &&
		       avro_generic_value_new(class, &value) == 0 && avro_value_read(reader, &value) == 0 &&
		       avro_value_to_json(&value, 0, &text) == 0;

	*ret = is_good ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
	free(text);
	if (value.self)
		avro_value_decref(&value);
	if (class)
		avro_value_iface_decref(class);
	if (schema)
		avro_schema_decref(schema);
	avro_reader_free(reader);
	/* its body was read before, so the message is good */
	return *ret ? 0 : err_set(err, ERR_FATAL, "avro", "no memory to show the message as JSON");
}

static int print_message(struct ctl *ctl, const struct kafka_message *message, bool has_personal, struct err *err)
{
	const struct wire_schema *known;
	struct slice body;
	json_t *json = NULL;
	uint64_t schema;
	int rc = frame_open(message->value, &schema, &body, err);

	printf("offset %lld, %zu bytes, key %.*s\n", (long long)message->offset, message->value.n, (int)message->key.n,
	       message->key.p ? message->key.p : "");
	for (size_t i = 0; i < message->header_count; i++)
		printf("%s: %.*s\n", message->headers[i].name, (int)message->headers[i].value.n,
		       message->headers[i].value.p);
	if (rc != 0)
		return rc;
	known = wire_schema_find(schema);
	if (!known)
		return err_set(err, ERR_DATA, "schema", "schema %016llx is not known to this version",
			       (unsigned long long)schema);
	printf("schema: %s-%u\n", known->name, known->version);
	rc = check_body(schema, known->name, body, &ctl->arena, err);
	if (rc == 0)
		rc = to_json(known, body, &json, err);
	if (rc != 0)
		return rc;
	if ((!has_personal && !replace_members(json, is_personal_member, masked)) ||
	    !replace_members(json, is_bytes_member, to_hex)) {
		json_decref(json);
		json = NULL;
	}
	return output_print_json(json, err);
}

static int print_next(struct ctl *ctl, struct kafka_reader *reader, bool has_personal, struct err *err)
{
	struct kafka_message message;
	bool came;
	int rc = kafka_reader_next(reader, CTL_WAIT_MS, &message, &came, err);

	if (rc != 0)
		return rc;
	if (!came)
		return err_set(err, ERR_DATA, "empty", "there is no message at this offset or above (yet)");
	rc = print_message(ctl, &message, has_personal, err);
	kafka_message_drop(&message);
	return rc;
}

int run_dump(struct ctl *ctl)
{
	CLEANUP(drop_pg_link) struct pg_link *link = NULL;
	bool has_personal = ctl_has(ctl, OPTION_WITH_PERSONAL_DATA);
	struct kafka_reader *reader = NULL;
	struct err err = { 0 };
	uint64_t partition, offset;
	int rc = 0;

	if (!num_parse_u64(slice_of(ctl->arguments[1]), INT32_MAX, &partition) ||
	    !num_parse_u64(slice_of(ctl->arguments[2]), INT64_MAX, &offset))
		return ctl_usage("partition and offset are whole numbers");
	struct ctl_place place = { ctl->arguments[0], (int32_t)partition, (int64_t)offset };

	if (has_personal) {
		rc = ctl_connect(ctl, false, &link, &err);
		if (rc == 0)
			rc = ctl_record_access(link, "dump --with-personal-data", NULL, &place, &err);
	}
	if (rc == 0)
		rc = kafka_reader_open(&ctl->kafka, CTL_MESSAGE_BYTES_MAX, &reader, &err);
	if (rc == 0)
		rc = kafka_reader_begin(reader, place.topic, place.partition, place.offset, INT64_MAX, &err);
	if (rc == 0)
		rc = print_next(ctl, reader, has_personal, &err);
	if (reader)
		kafka_reader_close(reader);
	return rc == 0 ? 0 : ctl_fail(&err);
}
