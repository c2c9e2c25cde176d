#include "kafka/kafka_topics.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"
#include "base/num.h"

enum { TOPICS_MAX = 8, ANSWER_MS_MAX = 10000, ASK_AGAIN_MS = 2000, UNKNOWN_REPLICAS = 0 };

struct kafka_topic_check {
	const struct kafka_topic_spec *specs;
	size_t count;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	bool is_asked;
	int64_t ask_at_ms;
};

/* Whom to tell, and what was told. */
struct telling {
	kafka_topic_differs *differs;
	void *self;
	size_t count;
};

static void drop_event(rd_kafka_event_t **event)
{
	if (*event)
		rd_kafka_event_destroy(*event);
}

static void drop_resource(rd_kafka_ConfigResource_t **resource)
{
	if (*resource)
		rd_kafka_ConfigResource_destroy(*resource);
}

static void drop_options(rd_kafka_AdminOptions_t **options)
{
	if (*options)
		rd_kafka_AdminOptions_destroy(*options);
}

static void drop_check(struct kafka_topic_check **check)
{
	kafka_topic_check_close(*check);
}

/* ---- comparing ---- */

/* -1 is without end in every setting that has it. false: no number. */
static bool read_amount(const char *text, int64_t *ret)
{
	if (!num_parse_i64(slice_of(text), -1, INT64_MAX, ret))
		return false;
	*ret = *ret == -1 ? INT64_MAX : *ret;
	return true;
}

static bool is_met(const struct kafka_topic_setting *setting, const char *value)
{
	int64_t is, wanted;

	if (setting->need == KAFKA_EQUAL)
		return strcmp(value, setting->value) == 0;
	if (!read_amount(value, &is) || !read_amount(setting->value, &wanted))
		return false;
	return setting->need == KAFKA_AT_LEAST ? is >= wanted : is <= wanted;
}

bool kafka_topic_setting_applies(const struct kafka_topic_setting *setting, int32_t replicas)
{
	if (setting->replicas_min == 0 && setting->replicas_max == 0)
		return true;
	return replicas != UNKNOWN_REPLICAS && replicas >= setting->replicas_min &&
	       (setting->replicas_max == 0 || replicas <= setting->replicas_max);
}

static const char *value_of(const rd_kafka_ConfigResource_t *resource, const char *name)
{
	size_t count;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	return NULL;
}

static void tell(struct telling *telling, const struct kafka_topic_difference *difference)
{
	telling->count++;
	telling->differs(telling->self, difference);
}

/* A setting that the broker does not know (an older one) is left out. */
static void compare(const rd_kafka_ConfigResource_t *resource, const struct kafka_topic_spec *spec, int32_t replicas,
		    struct telling *telling)
{
	for (size_t i = 0; i < spec->setting_count; i++) {
		const struct kafka_topic_setting *setting = &spec->settings[i];
		const char *value = value_of(resource, setting->name);

		if (value && kafka_topic_setting_applies(setting, replicas) && !is_met(setting, value))
			tell(telling,
			     &(struct kafka_topic_difference){ spec->name, setting->name, value, setting->value,
							       setting->need, setting->is_vital, true });
	}
}

/* Fewer copies than asked for, or fewer than must confirm a write. */
static void compare_replicas(const rd_kafka_ConfigResource_t *resource, const struct kafka_topic_spec *spec,
			     int32_t replicas, struct telling *telling)
{
	const char *in_sync = value_of(resource, "min.insync.replicas");
	char is[12], wanted[12];
	int64_t least = 0;

	snprintf(is, sizeof is, "%d", replicas);
	snprintf(wanted, sizeof wanted, "%d", spec->replication);
	if (replicas < spec->replication)
		tell(telling, &(struct kafka_topic_difference){ spec->name, "the number of replicas", is, wanted,
								KAFKA_AT_LEAST, false, false });
	if (in_sync && num_parse_i64(slice_of(in_sync), 0, INT32_MAX, &least) && least > replicas)
		tell(telling, &(struct kafka_topic_difference){ spec->name, "min.insync.replicas", in_sync, is,
								KAFKA_AT_MOST, true, false });
}

/* ---- asking ---- */

int kafka_topic_check_open(const struct kafka_options *kafka, const struct kafka_topic_spec *specs, size_t count,
			   struct kafka_topic_check **ret, struct err *err)
{
	struct kafka_topic_check *check = calloc(1, sizeof *check);
	struct kafka_conf conf;

	if (!check || count > TOPICS_MAX) {
		free(check);
		return err_set(err, ERR_FATAL, "memory", "no memory to look at topics");
	}
	*check = (struct kafka_topic_check){ .specs = specs, .count = count };
	kafka_conf_begin(&conf, kafka);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_PRODUCER, &check->rk, err);

	if (rc != 0) {
		free(check);
		return rc;
	}
	check->queue = rd_kafka_queue_new(check->rk);
	*ret = check;
	return 0;
}

void kafka_topic_check_close(struct kafka_topic_check *check)
{
	if (!check)
		return;
	rd_kafka_queue_destroy(check->queue);
	rd_kafka_destroy(check->rk);
	free(check);
}

static void ask(struct kafka_topic_check *check)
{
	CLEANUP(drop_options)
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(check->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_ConfigResource_t *resources[TOPICS_MAX];
	char reason[256];

	for (size_t i = 0; i < check->count; i++)
		resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, check->specs[i].name);
	rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS_MAX, reason, sizeof reason);
	rd_kafka_DescribeConfigs(check->rk, resources, check->count, options, check->queue);
	rd_kafka_ConfigResource_destroy_array(resources, check->count);
	check->is_asked = true;
}

/* *ret: the answer; NULL: there is none yet, or the question failed and is asked again. */
static void await_answer(struct kafka_topic_check *check, int wait_ms, rd_kafka_event_t **ret)
{
	*ret = NULL;
	if (!check->is_asked && clock_ms() >= check->ask_at_ms)
		ask(check);
	CLEANUP(drop_event)
	rd_kafka_event_t *event = check->is_asked ? rd_kafka_queue_poll(check->queue, wait_ms) : NULL;

	if (!event || rd_kafka_event_type(event) != RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT)
		return;
	check->is_asked = false;
	check->ask_at_ms = clock_ms() + ASK_AGAIN_MS;
	if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	*ret = event;
	event = NULL;
}

static const struct kafka_topic_spec *spec_of(const struct kafka_topic_check *check,
					      const rd_kafka_ConfigResource_t *resource)
{
	for (size_t i = 0; i < check->count; i++)
		if (strcmp(check->specs[i].name, rd_kafka_ConfigResource_name(resource)) == 0)
			return &check->specs[i];
	return NULL;
}

static int fail_resource(const rd_kafka_ConfigResource_t *resource, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resource);
	const char *topic = rd_kafka_ConfigResource_name(resource);

	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return err_set(err, ERR_CONFIG, "rights",
			       "topic %s: its settings cannot be seen or set: "
			       "our user lacks DescribeConfigs or AlterConfigs",
			       topic);
	return kafka_fail(code, topic, err);
}

int kafka_topic_check_poll(struct kafka_topic_check *check, kafka_topic_differs *differs, void *self, bool *ret_is_done,
			   struct err *err)
{
	CLEANUP(drop_event) rd_kafka_event_t *event = NULL;
	struct telling telling = { differs, self, 0 };
	size_t count = 0;
	int rc = 0;

	*ret_is_done = false;
	await_answer(check, 0, &event);
	if (!event)
		return 0;
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct kafka_topic_spec *spec = spec_of(check, resources[i]);

		if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
			rc = fail_resource(resources[i], err);
		else if (spec)
			compare(resources[i], spec, UNKNOWN_REPLICAS, &telling);
	}
	*ret_is_done = rc == 0;
	return rc == -ERR_RETRY ? 0 : rc;
}

/* ---- setting ---- */

static bool is_of_spec(const struct kafka_topic_spec *spec, int32_t replicas, const char *name, const char *value)
{
	for (size_t i = 0; i < spec->setting_count; i++)
		if (strcmp(spec->settings[i].name, name) == 0 &&
		    kafka_topic_setting_applies(&spec->settings[i], replicas))
			return !is_met(&spec->settings[i], value);
	return false;
}

/* AlterConfigs replaces all settings of the topic's own: those that stand go along. */
static void fill(rd_kafka_ConfigResource_t *ret, const rd_kafka_ConfigResource_t *is,
		 const struct kafka_topic_spec *spec, int32_t replicas)
{
	size_t count;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(is, &count);

	for (size_t i = 0; i < count; i++) {
		const char *name = rd_kafka_ConfigEntry_name(entries[i]),
			   *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (value && rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
		    !is_of_spec(spec, replicas, name, value))
			rd_kafka_ConfigResource_set_config(ret, name, value);
	}
	for (size_t i = 0; i < spec->setting_count; i++) {
		const struct kafka_topic_setting *setting = &spec->settings[i];
		const char *value = value_of(is, setting->name);

		if (value && kafka_topic_setting_applies(setting, replicas) && !is_met(setting, value))
			rd_kafka_ConfigResource_set_config(ret, setting->name, setting->value);
	}
}

static int alter(struct kafka_topic_check *check, const rd_kafka_ConfigResource_t *is,
		 const struct kafka_topic_spec *spec, int32_t replicas, struct err *err)
{
	CLEANUP(drop_resource)
	rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, spec->name);
	size_t count = 0;

	fill(wanted, is, spec, replicas);
	rd_kafka_AlterConfigs(check->rk, &wanted, 1, NULL, check->queue);
	CLEANUP(drop_event) rd_kafka_event_t *event = rd_kafka_queue_poll(check->queue, ANSWER_MS_MAX);

	if (!event)
		return kafka_fail(RD_KAFKA_RESP_ERR__TIMED_OUT, spec->name, err);
	if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(rd_kafka_event_error(event), spec->name, err);
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);

	if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return count == 1 ? fail_resource(resources[0], err)
				  : kafka_fail(RD_KAFKA_RESP_ERR__FAIL, spec->name, err);
	return 0;
}

/* ---- one topic, waiting ---- */

static int describe(struct kafka_topic_check *check, int64_t end_ms, rd_kafka_event_t **ret,
		    const rd_kafka_ConfigResource_t **ret_resource, struct err *err)
{
	size_t count = 0;

	do
		await_answer(check, ASK_AGAIN_MS, ret);
	while (!*ret && clock_ms() < end_ms);
	if (!*ret)
		return kafka_fail(RD_KAFKA_RESP_ERR__TIMED_OUT, check->specs->name, err);
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(*ret), &count);

	if (count != 1)
		return kafka_fail(RD_KAFKA_RESP_ERR__FAIL, check->specs->name, err);
	*ret_resource = resources[0];
	return rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR
		       ? 0
		       : fail_resource(resources[0], err);
}

static int look(struct kafka_topic_check *check, int64_t end_ms, bool is_to_set, struct telling *telling,
		struct err *err)
{
	CLEANUP(drop_event) rd_kafka_event_t *event = NULL;
	const rd_kafka_ConfigResource_t *resource = NULL;
	struct telling found = { telling->differs, telling->self, 0 };
	int32_t replicas = UNKNOWN_REPLICAS;
	int rc = kafka_ask_replicas(check->rk, check->specs->name, ASK_AGAIN_MS, &replicas, err);

	if (rc == 0)
		rc = describe(check, end_ms, &event, &resource, err);
	if (rc != 0)
		return rc;
	compare(resource, check->specs, replicas, &found);
	if (is_to_set && found.count > 0)
		return alter(check, resource, check->specs, replicas, err);
	compare_replicas(resource, check->specs, replicas, &found);
	telling->count += found.count;
	return 0;
}

int kafka_topics_check(const struct kafka_options *kafka, const struct kafka_topic_spec *specs, size_t count,
		       uint32_t wait_ms, bool is_to_set, kafka_topic_differs *differs, void *self, size_t *ret_count,
		       struct err *err)
{
	struct telling telling = { differs, self, 0 };
	int64_t end_ms = clock_ms() + wait_ms;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		CLEANUP(drop_check) struct kafka_topic_check *check = NULL;

		rc = kafka_topic_check_open(kafka, &specs[i], 1, &check, err);
		if (rc == 0)
			rc = look(check, end_ms, is_to_set, &telling, err);
	}
	*ret_count = telling.count;
	return rc;
}
