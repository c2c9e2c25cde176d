#include "kafka/kafka_admin.h"

#include "kafka/kafka_internal.h"

#include "base/clock.h"

enum { ASK_MS = 2000, LEADER_STEP_MS = 50 };

struct admin {
	rd_kafka_t *rk;
	bool is_refused;
};

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct admin *admin = opaque;

	(void)rk;
	kafka_cause_note(code, reason);
	if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
		admin->is_refused = true;
}

static int admin_open(const struct kafka_options *kafka, struct admin *ret, struct err *err)
{
	struct kafka_conf conf;

	kafka_conf_begin(&conf, kafka);
	rd_kafka_conf_set_opaque(conf.conf, ret);
	rd_kafka_conf_set_error_cb(conf.conf, on_error);
	return kafka_conf_finish(&conf, RD_KAFKA_PRODUCER, &ret->rk, err);
}

static void admin_release(struct admin *admin)
{
	if (admin->rk)
		rd_kafka_destroy(admin->rk);
}

static int name_cause(struct admin *admin, int rc, struct err *err)
{
	rd_kafka_poll(admin->rk, 0);
	return rc == -ERR_RETRY && admin->is_refused ? kafka_fail(RD_KAFKA_RESP_ERR__AUTHENTICATION, "admin", err)
						     : kafka_name_cause(rc, "admin", err);
}

static void drop_new_topic(rd_kafka_NewTopic_t **topic)
{
	if (*topic)
		rd_kafka_NewTopic_destroy(*topic);
}

static int describe_topic(const struct kafka_topic_spec *spec, rd_kafka_NewTopic_t **ret, struct err *err)
{
	char reason[256];
	CLEANUP(drop_new_topic)
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(spec->name, spec->partitions, spec->replication, reason, sizeof reason);

	if (!topic)
		return err_set(err, ERR_CONFIG, "topic", "%s: no usable name or numbers of a topic", spec->name);
	for (size_t i = 0; i < spec->setting_count; i++) {
		if (spec->settings[i].is_default || !kafka_topic_setting_applies(&spec->settings[i], spec->replication))
			continue;
		if (rd_kafka_NewTopic_set_config(topic, spec->settings[i].name, spec->settings[i].value) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			return err_set(err, ERR_CONFIG, "topic", "%s: no usable setting %s", spec->name,
				       spec->settings[i].name);
	}
	*ret = topic;
	topic = NULL;
	return 0;
}

static rd_kafka_resp_err_t read_creation(rd_kafka_event_t *answer)
{
	size_t count = 0;
	const rd_kafka_topic_result_t **results =
		rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);

	return count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
}

static int create_topic(struct admin *admin, const struct kafka_topic_spec *spec, uint32_t wait_ms, struct err *err)
{
	CLEANUP(drop_new_topic) rd_kafka_NewTopic_t *topic = NULL;
	CLEANUP(kafka_question_release) struct kafka_question question = { 0 };
	char reason[256];
	int rc = describe_topic(spec, &topic, err);

	if (rc != 0)
		return rc;
	kafka_question_begin(&question, admin->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, wait_ms);
	rd_kafka_AdminOptions_set_operation_timeout(question.options, (int)wait_ms, reason, sizeof reason);
	rd_kafka_CreateTopics(admin->rk, &topic, 1, question.options, question.queue);
	rd_kafka_resp_err_t code = kafka_question_await(&question, wait_ms);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = read_creation(question.answer);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 0;
	return kafka_fail(code, spec->name, err);
}

/* Until each partition can be asked for its range, as the next program will at once. */
static int await_leaders(struct admin *admin, const struct kafka_topic_spec *spec, int64_t end_ms, struct err *err)
{
	for (int32_t partition = 0; partition < spec->partitions;) {
		struct kafka_topic_range range;
		int rc = kafka_ask_range(admin->rk, spec->name, partition, ASK_MS, &range, err);

		if (rc == 0)
			partition++;
		else if (clock_ms() >= end_ms)
			return rc;
		else
			rd_kafka_poll(admin->rk, LEADER_STEP_MS);
	}
	return 0;
}

static int await_topic(struct admin *admin, const struct kafka_topic_spec *spec, int64_t end_ms, struct err *err)
{
	int32_t partitions = 0;
	int rc;

	while ((rc = kafka_ask_partitions(admin->rk, spec->name, ASK_MS, &partitions, err)) != 0 && clock_ms() < end_ms)
		rd_kafka_poll(admin->rk, LEADER_STEP_MS); /* brokers learn of a new topic one after another */
	if (rc != 0)
		return rc;
	if (partitions != spec->partitions)
		return err_set(err, ERR_CONFIG, "partitions",
			       "topic %s has %d partitions, not %d; a count never changes: make a new generation",
			       spec->name, partitions, spec->partitions);
	return await_leaders(admin, spec, end_ms, err);
}

int kafka_admin_make_topics(const struct kafka_options *kafka, const struct kafka_topic_spec *specs, size_t count,
			    uint32_t wait_ms, struct err *err)
{
	CLEANUP(admin_release) struct admin admin = { 0 };
	int64_t end_ms = clock_ms() + wait_ms;
	int rc = admin_open(kafka, &admin, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		int64_t left_ms = MAX(end_ms - clock_ms(), (int64_t)1);

		rc = name_cause(&admin, create_topic(&admin, &specs[i], (uint32_t)left_ms, err), err);
	}
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = await_topic(&admin, &specs[i], end_ms, err);
	return rc;
}

/* *ret NULL: Kafka knows no such group, which then has no member. */
static int take_group(rd_kafka_event_t *answer, const char *group, const rd_kafka_ConsumerGroupDescription_t **ret,
		      struct err *err)
{
	size_t count = 0;
	const rd_kafka_DescribeConsumerGroups_result_t *result = rd_kafka_event_DescribeConsumerGroups_result(answer);
	const rd_kafka_ConsumerGroupDescription_t **groups =
		rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
	const rd_kafka_error_t *error = count == 1 ? rd_kafka_ConsumerGroupDescription_error(groups[0]) : NULL;

	*ret = NULL;
	if (count != 1)
		return kafka_fail(RD_KAFKA_RESP_ERR__FAIL, group, err);
	if (error && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
		return 0; /* Kafka 4 says so, older ones call it dead */
	if (error)
		return kafka_fail(rd_kafka_error_code(error), group, err);
	*ret = groups[0];
	return 0;
}

typedef void group_visit(void *self, const rd_kafka_ConsumerGroupDescription_t *group);

/* visit: not called for a group that Kafka does not know. */
static int describe_group(const struct kafka_options *kafka, const char *group, uint32_t wait_ms, group_visit *visit,
			  void *self, struct err *err)
{
	CLEANUP(admin_release) struct admin admin = { 0 };
	const rd_kafka_ConsumerGroupDescription_t *found = NULL;
	int rc = admin_open(kafka, &admin, err);

	if (rc != 0)
		return rc;
	CLEANUP(kafka_question_release) struct kafka_question question = { 0 };

	kafka_question_begin(&question, admin.rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, wait_ms);
	rd_kafka_DescribeConsumerGroups(admin.rk, &group, 1, question.options, question.queue);
	rd_kafka_resp_err_t code = kafka_question_await(&question, wait_ms);

	rc = code == RD_KAFKA_RESP_ERR_NO_ERROR ? take_group(question.answer, group, &found, err)
						: kafka_fail(code, group, err);
	if (rc == 0 && found)
		visit(self, found);
	return name_cause(&admin, rc, err);
}

static void count_members(void *self, const rd_kafka_ConsumerGroupDescription_t *group)
{
	*(size_t *)self = rd_kafka_ConsumerGroupDescription_member_count(group);
}

int kafka_admin_group_members(const struct kafka_options *kafka, const char *group, uint32_t wait_ms, size_t *ret,
			      struct err *err)
{
	*ret = 0;
	return describe_group(kafka, group, wait_ms, count_members, ret, err);
}

struct owners {
	const char *topic;
	kafka_owner_visit *visit;
	void *self;
};

static void visit_owners(void *self, const rd_kafka_ConsumerGroupDescription_t *group)
{
	const struct owners *owners = self;

	for (size_t m = 0; m < rd_kafka_ConsumerGroupDescription_member_count(group); m++) {
		const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group, m);
		const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(member);
		const rd_kafka_topic_partition_list_t *list =
			assignment ? rd_kafka_MemberAssignment_partitions(assignment) : NULL;

		for (int i = 0; list && i < list->cnt; i++)
			if (strcmp(list->elems[i].topic, owners->topic) == 0)
				owners->visit(owners->self, list->elems[i].partition,
					      rd_kafka_MemberDescription_client_id(member),
					      rd_kafka_MemberDescription_host(member));
	}
}

int kafka_admin_group_owners(const struct kafka_options *kafka, const char *group, const char *topic, uint32_t wait_ms,
			     kafka_owner_visit *visit, void *self, struct err *err)
{
	struct owners owners = { topic, visit, self };

	return describe_group(kafka, group, wait_ms, visit_owners, &owners, err);
}
