#include "ctl/setup/doctor_local.h"

#include "model/teacher_key.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

enum { DAYS_OF_DISPUTE = 90 };

/* What packages and editors leave beside settings and secrets. */
static const char *const LEFTOVERS[] = { ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".ucf-dist", ".bak", ".orig", "~" };

static bool is_loopback(const char *address)
{
	const char *host = strstr(address, "://");

	host = host ? host + 3 : address;
	return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || strncmp(host, "[::1]", 5) == 0 ||
	       host[0] == '/';
}

/* A list of addresses is on this machine when its first is. */
static void look_at_lines(const struct ctl_config *config, struct diagnosis *diagnosis)
{
	bool has_tls = strstr(config->kafka.security_protocol, "ssl") != NULL;
	const char *advice = "RUNBOOK.md, A server refuses us: what each needs for TLS";

	if (!has_tls && !is_loopback(config->kafka.brokers))
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "settings", advice,
			      "kafka.security.protocol is %s: deliveries go over the network unencrypted",
			      config->kafka.security_protocol[0] ? config->kafka.security_protocol : "not set");
	if (config->redis.address[0] && !config->redis.has_tls && !is_loopback(config->redis.address))
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "settings", advice, "redis.tls is no, and Redis is elsewhere");
	if (strncmp(config->gateway_url, "http:", 5) == 0 && !is_loopback(config->gateway_url))
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "settings", "an address that begins with https:",
			      "gateway.url: tokens and deliveries go over the network unencrypted");
}

static void look_at_key(struct diagnosis *diagnosis, const char *check, const struct secret *key, const char *lack)
{
	if (key->bytes.n >= HMAC_KEY_BYTES_MIN)
		diagnosis_say(diagnosis, DIAGNOSIS_OK, check, NULL, "%zu bytes", key->bytes.n);
	else if (!key->path)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, check, lack, "no file of it is set");
	else
		diagnosis_say(diagnosis, DIAGNOSIS_FAIL, check, "openssl rand -hex 32 makes one",
			      "its file holds %zu bytes, and needs %d", key->bytes.n, HMAC_KEY_BYTES_MIN);
}

static void look_at_keys(const struct ctl_config *config, struct diagnosis *diagnosis)
{
	look_at_key(diagnosis, "hmac key", &config->hmac_key,
		    "hmac.key.file: status, refill, replay, verify and key need it");
	look_at_key(diagnosis, "stand key", &config->stand_key,
		    "stand.key.file: stand and replay need it; the gateways have it in any case");
	if (config->hmac_old_key.path)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "hmac key",
			      "instroomctl key retire says when it may go; RUNBOOK.md, A secret is rotated",
			      "hmac.key.old.file is set: a rotation is not finished");
}

static void look_at_file(struct diagnosis *diagnosis, const char *check, const char *path)
{
	if (!path || !path[0])
		return;
	FILE *file = fopen(path, "re");

	if (file)
		fclose(file);
	else
		diagnosis_say(diagnosis, DIAGNOSIS_FAIL, check, "let this user read it, or correct the setting",
			      "%s cannot be read: %s", path, strerror(errno));
}

static bool is_leftover(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(LEFTOVERS); i++) {
		size_t end = strlen(LEFTOVERS[i]);

		if (n > end && strcmp(name + n - end, LEFTOVERS[i]) == 0)
			return true;
	}
	return false;
}

/* In the folder of a secret: an old copy of it is a secret too. */
static void look_for_leftovers(struct diagnosis *diagnosis, const char *path)
{
	char folder[4096];
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash || (size_t)(slash - path) >= sizeof folder)
		return;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	DIR *dir = opendir(folder);

	if (!dir)
		return;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (is_leftover(entry->d_name))
			diagnosis_say(diagnosis, DIAGNOSIS_WARN, "old file",
				      "compare it with what is in use, then remove it", "%s/%s", folder, entry->d_name);
	closedir(dir);
}

/* How old the oldest backup is, no server tells: backup.keep.days says it. */
static void look_at_retention(const struct ctl_config *config, struct diagnosis *diagnosis)
{
	int64_t kept = config->topic_retention_days, backups = config->backup_keep_days;

	if (backups == 0)
		diagnosis_say(diagnosis, DIAGNOSIS_UNKNOWN, "retention",
			      "set backup.keep.days to the age of the oldest backup that may be restored",
			      "raw and verdict are kept %lld days; how old a backup may be is not said",
			      (long long)kept);
	else if (backups > kept)
		diagnosis_say(diagnosis, DIAGNOSIS_FAIL, "retention",
			      "raise topic.retention.days, then instroomctl migrate --fix; or keep backups shorter",
			      "a backup of %lld days cannot be brought up to date: the log is kept %lld days",
			      (long long)backups, (long long)kept);
	else if (kept < DAYS_OF_DISPUTE)
		diagnosis_say(diagnosis, DIAGNOSIS_WARN, "retention", "raise topic.retention.days",
			      "the log is kept %lld days only", (long long)kept);
	else
		diagnosis_say(diagnosis, DIAGNOSIS_OK, "retention", NULL, "the log is kept %lld days, backups %lld",
			      (long long)kept, (long long)backups);
}

void doctor_look_locally(const struct ctl_config *config, struct diagnosis *diagnosis)
{
	diagnosis_say(diagnosis, DIAGNOSIS_OK, "program", NULL, "instroomctl " INSTROOM_VERSION);
	diagnosis_say(diagnosis, DIAGNOSIS_OK, "settings", NULL, "none is wrong or unknown");
	look_at_lines(config, diagnosis);
	look_at_keys(config, diagnosis);
	look_at_file(diagnosis, "kafka.ca.file", config->kafka.ca_file);
	look_at_file(diagnosis, "kafka.cert.file", config->kafka.cert_file);
	look_at_file(diagnosis, "redis.ca.file", config->redis.ca_file);
	look_at_file(diagnosis, "redis.cert.file", config->redis.cert_file);
	look_at_file(diagnosis, "gateway.ca.file", config->gateway_ca_file);
	look_at_file(diagnosis, "tokens.file", config->tokens_file);
	look_for_leftovers(diagnosis, config->hmac_key.path);
	look_at_retention(config, diagnosis);
}
