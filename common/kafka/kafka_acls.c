#include "kafka/kafka_acls.h"

#include "kafka/kafka_internal.h"

static void drop_handle(rd_kafka_t **rk)
{
	if (*rk)
		rd_kafka_destroy(*rk);
}

static void drop_filter(rd_kafka_AclBindingFilter_t **filter)
{
	if (*filter)
		rd_kafka_AclBinding_destroy(*filter);
}

static const char *operation_of(rd_kafka_AclOperation_t operation)
{
	static const char *const NAMES[] = {
		[RD_KAFKA_ACL_OPERATION_ALL] = "All",
		[RD_KAFKA_ACL_OPERATION_READ] = "Read",
		[RD_KAFKA_ACL_OPERATION_WRITE] = "Write",
		[RD_KAFKA_ACL_OPERATION_CREATE] = "Create",
		[RD_KAFKA_ACL_OPERATION_DELETE] = "Delete",
		[RD_KAFKA_ACL_OPERATION_ALTER] = "Alter",
		[RD_KAFKA_ACL_OPERATION_DESCRIBE] = "Describe",
		[RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS] = "DescribeConfigs",
		[RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS] = "AlterConfigs",
	};
	size_t at = (size_t)operation;

	return at < ARRAY_LEN(NAMES) && NAMES[at] ? NAMES[at] : "";
}

static void visit_acl(const rd_kafka_AclBinding_t *binding, kafka_acl_visit *visit, void *self)
{
	rd_kafka_ResourceType_t kind = rd_kafka_AclBinding_restype(binding);

	visit(self,
	      &(struct kafka_acl){
		      .kind = kind == RD_KAFKA_RESOURCE_TOPIC	 ? "topic"
			      : kind == RD_KAFKA_RESOURCE_GROUP	 ? "group"
			      : kind == RD_KAFKA_RESOURCE_BROKER ? "cluster" /* librdkafka's word for it in an ACL */
								 : "",
		      .name = rd_kafka_AclBinding_name(binding),
		      .is_prefix = rd_kafka_AclBinding_resource_pattern_type(binding) ==
				   RD_KAFKA_RESOURCE_PATTERN_PREFIXED,
		      .is_denied = rd_kafka_AclBinding_permission_type(binding) == RD_KAFKA_ACL_PERMISSION_TYPE_DENY,
		      .host = rd_kafka_AclBinding_host(binding),
		      .principal = rd_kafka_AclBinding_principal(binding),
		      .operation = operation_of(rd_kafka_AclBinding_operation(binding)),
	      });
}

int kafka_acls_visit(const struct kafka_options *kafka, uint32_t wait_ms, kafka_acl_visit *visit, void *self,
		     struct err *err)
{
	CLEANUP(drop_handle) rd_kafka_t *rk = NULL;
	CLEANUP(drop_filter) rd_kafka_AclBindingFilter_t *filter = NULL;
	struct kafka_conf conf;
	char reason[256];
	size_t count = 0;

	kafka_conf_begin(&conf, kafka);
	int rc = kafka_conf_finish(&conf, RD_KAFKA_PRODUCER, &rk, err);

	if (rc != 0)
		return rc;
	CLEANUP(kafka_question_release) struct kafka_question question = { 0 };

	filter = rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_ANY, NULL, RD_KAFKA_RESOURCE_PATTERN_ANY, NULL, NULL,
					       RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, reason,
					       sizeof reason);
	if (!filter)
		return err_set(err, ERR_FATAL, "memory", "no memory to ask for ACLs");
	kafka_question_begin(&question, rk, RD_KAFKA_ADMIN_OP_DESCRIBEACLS, wait_ms);
	rd_kafka_DescribeAcls(rk, filter, question.options, question.queue);
	rd_kafka_resp_err_t code = kafka_question_await(&question, wait_ms);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(code, "ACLs", err);
	const rd_kafka_AclBinding_t **acls =
		rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(question.answer), &count);

	if (count == 0) /* librdkafka makes an empty list of CLUSTER_AUTHORIZATION_FAILED and SECURITY_DISABLED */
		return err_set(err, ERR_CONFIG, "rights",
			       "our user lacks Describe on the cluster, or the brokers have no authorizer");
	for (size_t i = 0; i < count; i++)
		visit_acl(acls[i], visit, self);
	return 0;
}
