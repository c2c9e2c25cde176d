#include "ctl/setup/doctor_checkpoint.h"

#include "base/clock.h"
#include "ctl/checkpoint/checkpoint_store.h"

#include <stdlib.h>

enum { DAY_S = 86400, MARGIN_DAYS = 2 };

static const char CHECK[] = "checkpoint";

/* Of the newest of each partition. */
struct newest {
	int64_t partitions; /* that have one */
	int64_t made_s;	    /* of the oldest of them */
};

static int look(const struct ctl_config *config, struct newest *ret, struct err *err)
{
	CLEANUP(checkpoint_keys_release) struct checkpoint_keys keys = { 0 };
	struct checkpoint_place *places = NULL;
	size_t count = 0;
	int rc = checkpoint_keys_read(config, &keys, err);

	*ret = (struct newest){ .made_s = INT64_MAX };
	if (rc == 0)
		rc = checkpoint_keys_need_proof(&keys, err);
	if (rc == 0)
		rc = checkpoint_store_list(config->checkpoint_dir, -1, &places, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct checkpoint_manifest manifest = { 0 };

		if (i > 0 && places[i - 1].partition == places[i].partition)
			continue;
		rc = checkpoint_store_read(config->checkpoint_dir, &places[i], &keys, &manifest, err);
		ret->partitions++;
		ret->made_s = MIN(ret->made_s, manifest.made_s);
		checkpoint_manifest_release(&manifest);
	}
	free(places);
	return rc;
}

void doctor_look_at_checkpoints(const struct ctl_config *config, struct diagnosis *diagnosis)
{
	static const char MAKE[] = "is instroom-checkpoint.timer on? instroomctl checkpoint make";
	int64_t kept = config->topic_retention_days;
	struct newest newest;
	struct err err = { 0 };

	if (!config->checkpoint_dir[0]) {
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, CHECK, "INSTALL.md, Checkpoints",
			      "checkpoint.dir is not set: verify ends where retention has removed the log");
		return;
	}
	if (look(config, &newest, &err) != 0) {
		diagnosis_fail(diagnosis, CHECK,
			       "instroomctl checkpoint check; RUNBOOK.md, A checkpoint is missing or altered", &err);
		return;
	}
	int64_t days = newest.partitions > 0 ? (clock_wall_ms() / 1000 - newest.made_s) / DAY_S : 0;

	if (newest.partitions < config->topic_partitions)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, CHECK, MAKE, "%lld of %lld partitions have one",
			      (long long)newest.partitions, (long long)config->topic_partitions);
	else if (days + MARGIN_DAYS >= kept)
		diagnosis_say(diagnosis, DIAGNOSIS_FAIL, CHECK, MAKE,
			      "the newest of a partition is %lld days old, and the log is kept %lld days: what is "
			      "between cannot be proved any more",
			      (long long)days, (long long)kept);
	else if (days >= MARGIN_DAYS)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, CHECK, MAKE, "the newest of a partition is %lld days old",
			      (long long)days);
	else
		diagnosis_say(diagnosis, DIAGNOSIS_OK, CHECK, NULL,
			      "every partition has one of the last %d days; the log is kept %lld days", MARGIN_DAYS,
			      (long long)kept);
}
