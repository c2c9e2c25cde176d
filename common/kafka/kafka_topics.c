#include "kafka/kafka_topics.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"
#include "base/num.h"

enum { TOPICS_MAX = 8, ANSWER_MS_MAX = 10000, ASK_AGAIN_MS = 2000, UNKNOWN_REPLICAS = 0 };

struct kafka_topic_check {
	const struct kafka_topic_spec *specs;
	size_t count;
	rd_kafka_t *rk;
	struct kafka_question question;
	bool is_asked;
	int64_t ask_at_ms;
};

/* Where differences go, and how many went there. */
struct differences {
	kafka_topic_differs *differs;
	void *self;
	size_t count;
};

static void drop_resource(rd_kafka_ConfigResource_t **resource)
{
	if (*resource)
		rd_kafka_ConfigResource_destroy(*resource);
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

static void add_difference(struct differences *found, const struct kafka_topic_difference *difference)
{
	found->count++;
	found->differs(found->self, difference);
}

/* A setting that the broker does not know (an older one) is left out. */
static void compare(const rd_kafka_ConfigResource_t *resource, const struct kafka_topic_spec *spec, int32_t replicas,
		    struct differences *found)
{
	for (size_t i = 0; i < spec->setting_count; i++) {
		const struct kafka_topic_setting *setting = &spec->settings[i];
		const char *value = kafka_config_value(resource, setting->name);

		if (value && kafka_topic_setting_applies(setting, replicas) && !is_met(setting, value))
			add_difference(found, &(struct kafka_topic_difference){ spec->name, setting->name, value,
										setting->value, setting->need,
										setting->is_vital, true });
	}
}

/* Fewer copies than asked for, or fewer than must confirm a write. */
static void compare_replicas(const rd_kafka_ConfigResource_t *resource, const struct kafka_topic_spec *spec,
			     int32_t replicas, struct differences *found)
{
	const char *in_sync = kafka_config_value(resource, "min.insync.replicas");
	char is[12], wanted[12];
	int64_t least = 0;

	snprintf(is, sizeof is, "%d", replicas);
	snprintf(wanted, sizeof wanted, "%d", spec->replication);
	if (replicas < spec->replication)
		add_difference(found, &(struct kafka_topic_difference){ spec->name, "the number of replicas", is,
									wanted, KAFKA_AT_LEAST, false, false });
	if (in_sync && num_parse_i64(slice_of(in_sync), 0, INT32_MAX, &least) && least > replicas)
		add_difference(found, &(struct kafka_topic_difference){ spec->name, "min.insync.replicas", in_sync, is,
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
	*ret = check;
	return 0;
}

void kafka_topic_check_close(struct kafka_topic_check *check)
{
	if (!check)
		return;
	kafka_question_release(&check->question);
	rd_kafka_destroy(check->rk);
	free(check);
}

static void ask(struct kafka_topic_check *check)
{
	rd_kafka_ConfigResource_t *resources[TOPICS_MAX];

	for (size_t i = 0; i < check->count; i++)
		resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, check->specs[i].name);
	kafka_question_release(&check->question); /* the one before */
	kafka_question_begin(&check->question, check->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, ANSWER_MS_MAX);
	rd_kafka_DescribeConfigs(check->rk, resources, check->count, check->question.options, check->question.queue);
	rd_kafka_ConfigResource_destroy_array(resources, check->count);
	check->is_asked = true;
}

/* The answer, until the next question; NULL: there is none yet, or the question failed and is asked again. */
static const rd_kafka_DescribeConfigs_result_t *await_answer(struct kafka_topic_check *check, uint32_t wait_ms)
{
	if (!check->is_asked && clock_ms() >= check->ask_at_ms)
		ask(check);
	if (!check->is_asked)
		return NULL;
	rd_kafka_resp_err_t code = kafka_question_await(&check->question, wait_ms);

	if (!check->question.answer)
		return NULL;
	check->is_asked = false;
	check->ask_at_ms = clock_ms() + ASK_AGAIN_MS;
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_event_DescribeConfigs_result(check->question.answer)
						  : NULL;
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
	const rd_kafka_DescribeConfigs_result_t *answer = await_answer(check, 0);
	struct differences found = { differs, self, 0 };
	size_t count = 0;
	int rc = 0;

	*ret_is_done = false;
	if (!answer)
		return 0;
	const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(answer, &count);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct kafka_topic_spec *spec = spec_of(check, resources[i]);

		if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
			rc = fail_resource(resources[i], err);
		else if (spec)
			compare(resources[i], spec, UNKNOWN_REPLICAS, &found);
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
		const char *value = kafka_config_value(is, setting->name);

		if (value && kafka_topic_setting_applies(setting, replicas) && !is_met(setting, value))
			rd_kafka_ConfigResource_set_config(ret, setting->name, setting->value);
	}
}

static int alter(struct kafka_topic_check *check, const rd_kafka_ConfigResource_t *is,
		 const struct kafka_topic_spec *spec, int32_t replicas, struct err *err)
{
	CLEANUP(drop_resource)
	rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, spec->name);
	CLEANUP(kafka_question_release) struct kafka_question question = { 0 };
	size_t count = 0;

	fill(wanted, is, spec, replicas);
	kafka_question_begin(&question, check->rk, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, ANSWER_MS_MAX);
	rd_kafka_AlterConfigs(check->rk, &wanted, 1, question.options, question.queue);
	rd_kafka_resp_err_t code = kafka_question_await(&question, ANSWER_MS_MAX);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(code, spec->name, err);
	const rd_kafka_ConfigResource_t **resources =
		rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(question.answer), &count);

	if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return count == 1 ? fail_resource(resources[0], err)
				  : kafka_fail(RD_KAFKA_RESP_ERR__FAIL, spec->name, err);
	return 0;
}

/* ---- one topic, waiting ---- */

/* *ret: in the answer, until the next question */
static int describe(struct kafka_topic_check *check, int64_t end_ms, const rd_kafka_ConfigResource_t **ret,
		    struct err *err)
{
	const rd_kafka_DescribeConfigs_result_t *answer;
	size_t count = 0;

	do
		answer = await_answer(check, ASK_AGAIN_MS);
	while (!answer && clock_ms() < end_ms);
	if (!answer)
		return kafka_fail(RD_KAFKA_RESP_ERR__TIMED_OUT, check->specs->name, err);
	const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(answer, &count);

	if (count != 1)
		return kafka_fail(RD_KAFKA_RESP_ERR__FAIL, check->specs->name, err);
	*ret = resources[0];
	return rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR
		       ? 0
		       : fail_resource(resources[0], err);
}

static int check_topic(struct kafka_topic_check *check, int64_t end_ms, bool is_to_set, struct differences *all,
		       struct err *err)
{
	const rd_kafka_ConfigResource_t *resource = NULL;
	struct differences found = { all->differs, all->self, 0 };
	int32_t replicas = UNKNOWN_REPLICAS;
	int rc = kafka_ask_replicas(check->rk, check->specs->name, ASK_AGAIN_MS, &replicas, err);

	if (rc == 0)
		rc = describe(check, end_ms, &resource, err);
	if (rc != 0)
		return rc;
	compare(resource, check->specs, replicas, &found);
	if (is_to_set && found.count > 0)
		return alter(check, resource, check->specs, replicas, err);
	compare_replicas(resource, check->specs, replicas, &found);
	all->count += found.count;
	return 0;
}

int kafka_topics_check(const struct kafka_options *kafka, const struct kafka_topic_spec *specs, size_t count,
		       uint32_t wait_ms, bool is_to_set, kafka_topic_differs *differs, void *self, size_t *ret_count,
		       struct err *err)
{
	struct differences all = { differs, self, 0 };
	int64_t end_ms = clock_ms() + wait_ms;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		CLEANUP(drop_check) struct kafka_topic_check *check = NULL;

		rc = kafka_topic_check_open(kafka, &specs[i], 1, &check, err);
		if (rc == 0)
			rc = check_topic(check, end_ms, is_to_set, &all, err);
	}
	*ret_count = all.count;
	return rc;
}
