#include "ctl/setup/topics.h"

#include "settings/topic_specs.h"

struct looking {
	bool is_to_set;
};

const char *topics_need(const struct kafka_topic_difference *difference)
{
	switch (difference->need) {
	case KAFKA_AT_LEAST:
		return strcmp(difference->wanted, "-1") == 0 ? "" : "at least "; /* -1 is no limit: more than any */
	case KAFKA_AT_MOST:
		return "at most ";
	default:
		return "";
	}
}

/* Compaction took single messages, and once it is over offsets that lack count as markers of transactions. */
static const char *warning_of(const struct kafka_topic_difference *difference, bool is_to_set)
{
	if (strcmp(difference->name, "cleanup.policy") != 0 || !strstr(difference->is, "compact") ||
	    strcmp(difference->wanted, "delete") != 0)
		return "";
	return is_to_set ? "; what was compacted away is not shown any more (RUNBOOK.md, A partition is parked)"
			 : "; messages may be gone: ask loss show for each partition before you set it";
}

static void report(void *self, const struct kafka_topic_difference *difference)
{
	const struct looking *looking = self;
	const char *effect = !difference->can_be_set ? "; that cannot be set by this command"
			     : looking->is_to_set    ? ": it is set"
						     : "";

	fprintf(stderr, "instroomctl: topic %s: %s is %s, and must be %s%s%s%s\n", difference->topic, difference->name,
		difference->is, topics_need(difference), difference->wanted, effect,
		warning_of(difference, looking->is_to_set));
}

static int look(struct ctl *ctl, const struct topic_specs *specs, bool is_to_set, size_t *ret_count, struct err *err)
{
	struct looking looking = { is_to_set };

	return kafka_topics_check(&ctl->kafka, specs->items, specs->count, CTL_WAIT_MS * 3, is_to_set, report, &looking,
				  ret_count, err);
}

int topics_look(struct ctl *ctl, kafka_topic_differs *differs, void *self, struct err *err)
{
	const struct ctl_config *config = &ctl->config;
	struct topic_settings topics = settings_topics(&config->topic, &config->encrypt);
	static struct topic_specs specs;
	size_t count = 0;

	topic_specs_make(&topics, (int32_t)config->topic_partitions, (int32_t)config->topic_replication,
			 config->topic_retention_days, &specs);
	return kafka_topics_check(&ctl->kafka, specs.items, specs.count, CTL_WAIT_MS, false, differs, self, &count,
				  err);
}

int topics_set_up(struct ctl *ctl, bool is_to_set, struct err *err)
{
	const struct ctl_config *config = &ctl->config;
	struct topic_settings topics = settings_topics(&config->topic, &config->encrypt);
	static struct topic_specs specs;
	struct err making = { 0 };
	size_t count = 0;

	topic_specs_make(&topics, (int32_t)config->topic_partitions, (int32_t)config->topic_replication,
			 config->topic_retention_days, &specs);
	int made = kafka_admin_make_topics(&ctl->kafka, specs.items, specs.count, CTL_WAIT_MS * 3, &making);

	if (made != 0 && strcmp(making.code, "partitions") != 0) {
		*err = making;
		return made;
	}
	/* a wrong number of partitions hides no other fault */
	int rc = is_to_set ? look(ctl, &specs, true, &count, err) : 0;

	if (rc == 0)
		rc = look(ctl, &specs, false, &count, err);
	if (rc == 0 && made != 0)
		*err = making;
	if (rc != 0 || made != 0)
		return rc != 0 ? rc : made;
	if (count > 0)
		return err_set(err, ERR_CONFIG, "topic", "%zu settings of topics differ from what they must be%s",
			       count, is_to_set ? "" : ": run instroomctl migrate --fix, or set them");
	return 0;
}
