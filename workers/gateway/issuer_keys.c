#include "gateway/issuer_keys.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/peer_cause.h"
#include "base/strbuf.h"
#include "base/url.h"
#include "gateway/public_file.h"
#include "gateway/token_watch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	REFRESH_MS = 15 * 60 * 1000,
	BELIEVED_MS = 24 * 60 * 60 * 1000,
	CONNECT_MS_MAX = 5000,
	ANSWER_MS_MAX = 10000,
};

static const char ISSUER_AWAY[] = "issuer-away";

struct issuer_keys {
	struct issuer_keys_options options;
	struct key_set *set; /* in use; the event loop's */
	struct token_watch watch;

	pthread_t thread;
	bool has_thread;
	atomic_bool is_closing;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct key_set *fresh; /* for the event loop; NULL: nothing new */
	bool is_wanted;	       /* somebody has a token of an unknown key */
	bool is_urgent;	       /* whatever the pause says */
	bool is_asking;
	bool has_failed;  /* the last question did */
	int64_t asked_ms; /* when the last question began; 0: none did */
	int64_t good_ms;  /* when the last good one began; 0: none did */
	int64_t asked, failed;
};

/* ---- one question ---- */

struct answer {
	const struct issuer_keys *keys;
	struct strbuf body;
};

static size_t take_bytes(char *bytes, size_t size, size_t n, void *self)
{
	struct answer *answer = self;

	strbuf_add_bytes(&answer->body, bytes, size * n);
	return strbuf_ok(&answer->body) ? size * n : 0; /* less ends the transfer */
}

static int look_whether_closing(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct answer *answer = self;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(&answer->keys->is_closing);
}

static bool set_options(CURL *curl, struct curl_slist *headers, struct answer *answer, char *why)
{
	const struct issuer_keys_options *options = &answer->keys->options;
	const char *protocols = url_is_near(options->url) ? "http" : "https";
	const CURLcode done[] = {
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why),
		curl_easy_setopt(curl, CURLOPT_URL, options->url),
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols),
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L),
		curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS_MAX),
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS_MAX),
		curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)KEY_SET_BYTES_MAX),
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes),
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer),
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_closing),
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, answer),
		options->ca_file[0] ? curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file) : CURLE_OK,
	};

	for (size_t i = 0; i < ARRAY_LEN(done); i++)
		if (done[i] != CURLE_OK)
			return false;
	return true;
}

/* In the words of base/peer_cause.h, for the log and instroom_peer_failures_total; why: curl's own. */
static enum peer_cause cause_of(CURLcode code, const char *why)
{
	enum peer_cause cause;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return PEER_NAME;
	case CURLE_PEER_FAILED_VERIFICATION:
		if (strstr(why, "expired") || strstr(why, "not yet valid"))
			return PEER_CERT_TIME;
		return strstr(why, "name") ? PEER_CERT_NAME : PEER_CA;
	case CURLE_SSL_CACERT_BADFILE:
		return PEER_FILES;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return PEER_PROTOCOL;
	case CURLE_SSL_CONNECT_ERROR:
		cause = peer_cause_of_tls_text(why);
		return cause == PEER_AWAY && !strstr(why, "SSL_ERROR_SYSCALL") && !strstr(why, "reset") ? PEER_TLS
													: cause;
	default:
		return PEER_AWAY;
	}
}

static int fail_away(const char *url, CURLcode code, const char *why, struct err *err)
{
	const char *words = why[0] ? why : curl_easy_strerror(code);

	peer_note_at(PEER_ISSUER, cause_of(code, words), url);
	return err_set(err, ERR_RETRY, ISSUER_AWAY, "%s", words);
}

/* The document, into answer->body. */
static int ask_with(CURL *curl, struct curl_slist *headers, struct answer *answer, struct err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;

	if (!set_options(curl, headers, answer, why))
		return err_set(err, ERR_RETRY, "curl", "libcurl does not take an option");
	CURLcode rc = curl_easy_perform(curl);

	if (rc != CURLE_OK)
		return fail_away(answer->keys->options.url, rc, why, err);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	peer_answered(PEER_ISSUER);
	return status == 200 ? 0 : err_set(err, ERR_RETRY, "issuer-answer", "the answer has status %ld", status);
}

static int ask_issuer(const struct issuer_keys *keys, struct key_set **ret, struct err *err)
{
	struct answer answer = { .keys = keys };
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/jwk-set+json, application/json");
	int rc;

	strbuf_init(&answer.body, KEY_SET_BYTES_MAX);
	if (!curl || !headers)
		rc = err_set(err, ERR_RETRY, "memory", "no memory to ask the issuer");
	else
		rc = ask_with(curl, headers, &answer, err);
	if (rc == 0)
		rc = key_set_read(strbuf_slice(&answer.body), keys->options.algs, ret, err);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	strbuf_release(&answer.body);
	return rc;
}

/* ---- the thread ---- */

/* When the next question is due, by clock_ms. */
static int64_t due_ms(const struct issuer_keys *keys)
{
	if (keys->asked_ms == 0 || keys->is_urgent)
		return 0;
	return keys->asked_ms + (keys->is_wanted || keys->has_failed ? keys->options.pause_ms : (int64_t)REFRESH_MS);
}

/* false: the gateway closes. The lock is held. */
static bool wait_until_due(struct issuer_keys *keys)
{
	for (int64_t left_ms; !atomic_load(&keys->is_closing) && (left_ms = due_ms(keys) - clock_ms()) > 0;) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += left_ms / 1000 + 1;
		pthread_cond_timedwait(&keys->changed, &keys->lock, &until);
	}
	return !atomic_load(&keys->is_closing);
}

static void log_answer(const struct issuer_keys *keys, int rc, const struct key_set *set, const struct err *err)
{
	bool is_away = rc != 0 && strcmp(err->code, ISSUER_AWAY) == 0;

	if (rc == 0)
		log_event(LOG_INFO, "issuer-keys.read", "url=%s count=%zu skipped=%zu", LOG_QUOTED(keys->options.url),
			  key_set_count(set), key_set_skipped(set));
	else if (!atomic_load(&keys->is_closing))
		log_event(LOG_ERROR, "issuer-keys.failed", "url=%s code=%s%s%s why=%s effect=%s",
			  LOG_QUOTED(keys->options.url), LOG_QUOTED(err->code), is_away ? " cause=" : "",
			  is_away ? peer_cause_name(peer_last_cause(PEER_ISSUER)) : "", LOG_QUOTED(err->text),
			  LOG_QUOTED("the keys that are known go on for a day"));
}

/* The lock is held, but not while the issuer is asked. */
static void ask(struct issuer_keys *keys)
{
	struct key_set *set = NULL;
	struct err err = { 0 };

	keys->asked_ms = clock_ms();
	keys->is_asking = true;
	keys->is_wanted = keys->is_urgent = false;
	keys->asked++;
	pthread_mutex_unlock(&keys->lock);
	int rc = ask_issuer(keys, &set, &err);

	log_answer(keys, rc, set, &err);
	pthread_mutex_lock(&keys->lock);
	keys->is_asking = false;
	keys->has_failed = rc != 0;
	if (rc != 0) {
		keys->failed++;
		return;
	}
	keys->good_ms = keys->asked_ms;
	key_set_free(keys->fresh);
	keys->fresh = set;
}

static void *ask_on(void *self)
{
	struct issuer_keys *keys = self;

	pthread_mutex_lock(&keys->lock);
	while (wait_until_due(keys))
		ask(keys);
	pthread_mutex_unlock(&keys->lock);
	return NULL;
}

static int begin_thread(struct issuer_keys *keys, struct err *err)
{
	pthread_condattr_t monotonic;

	if (!url_is_safe(keys->options.url))
		return err_set(err, ERR_CONFIG, "jwt.keys.url",
			       "the keys of an issuer are asked for by https:// (http:// of this machine: 127.0.0.1)");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_FATAL, "curl", "libcurl does not start");
	pthread_mutex_init(&keys->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&keys->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	keys->has_thread = pthread_create(&keys->thread, NULL, ask_on, keys) == 0;
	if (keys->has_thread)
		return 0;
	pthread_cond_destroy(&keys->changed);
	pthread_mutex_destroy(&keys->lock);
	curl_global_cleanup();
	return err_set(err, ERR_FATAL, "thread", "no thread to ask the issuer of signed tokens");
}

/* ---- the file ---- */

static int read_file(struct issuer_keys *keys, struct err *err)
{
	const char *path = keys->options.file;
	CLEANUP(strbuf_drop) struct strbuf text = { 0 };
	struct key_set *set = NULL;

	strbuf_init(&text, KEY_SET_BYTES_MAX);
	(void)token_watch_has_changed(&keys->watch, path); /* before it is read: a later change is seen */
	int rc = public_file_read("jwt.keys.file", path, &text, err);

	if (rc != 0)
		return rc;
	rc = key_set_read(strbuf_slice(&text), keys->options.algs, &set, err);

	if (rc != 0)
		return rc == -ERR_DATA
			       ? err_set(err, ERR_CONFIG, "jwt.keys.file", "%s holds no JWKS with keys of use", path)
			       : rc;
	key_set_free(keys->set);
	keys->set = set;
	log_event(LOG_INFO, "issuer-keys.read", "file=%s count=%zu skipped=%zu", LOG_QUOTED(path), key_set_count(set),
		  key_set_skipped(set));
	return 0;
}

/* ---- for the event loop ---- */

int issuer_keys_open(const struct issuer_keys_options *options, struct issuer_keys **ret, struct err *err)
{
	struct issuer_keys *keys = calloc(1, sizeof *keys);

	if (!keys)
		return err_set(err, ERR_FATAL, "memory", "no memory for the keys of signed tokens");
	keys->options = *options;
	int rc = options->file[0] ? read_file(keys, err) : begin_thread(keys, err);

	if (rc != 0) {
		free(keys);
		return rc;
	}
	*ret = keys;
	return 0;
}

void issuer_keys_close(struct issuer_keys *keys)
{
	if (!keys)
		return;
	if (keys->has_thread) {
		atomic_store(&keys->is_closing, true);
		pthread_mutex_lock(&keys->lock);
		pthread_cond_signal(&keys->changed);
		pthread_mutex_unlock(&keys->lock);
		pthread_join(keys->thread, NULL);
		pthread_cond_destroy(&keys->changed);
		pthread_mutex_destroy(&keys->lock);
		curl_global_cleanup();
	}
	key_set_free(keys->fresh);
	key_set_free(keys->set);
	free(keys);
}

const struct key_set *issuer_keys_now(struct issuer_keys *keys)
{
	if (!keys->has_thread)
		return keys->set;
	pthread_mutex_lock(&keys->lock);
	if (keys->fresh) {
		key_set_free(keys->set);
		keys->set = keys->fresh;
		keys->fresh = NULL;
	}
	bool is_believed = keys->good_ms != 0 && clock_ms() - keys->good_ms <= BELIEVED_MS;

	pthread_mutex_unlock(&keys->lock);
	return is_believed ? keys->set : NULL;
}

bool issuer_keys_miss(struct issuer_keys *keys)
{
	if (!keys->has_thread)
		return false;
	pthread_mutex_lock(&keys->lock);
	keys->is_wanted = true;
	bool may_change = keys->fresh || keys->is_asking || keys->has_failed || clock_ms() >= due_ms(keys);

	pthread_cond_signal(&keys->changed);
	pthread_mutex_unlock(&keys->lock);
	return may_change;
}

void issuer_keys_poll(struct issuer_keys *keys)
{
	struct err err = { 0 };

	if (keys->has_thread || !token_watch_has_changed(&keys->watch, keys->options.file))
		return;
	if (read_file(keys, &err) != 0)
		log_event(LOG_ERROR, "issuer-keys.failed", "file=%s code=%s why=%s effect=%s",
			  LOG_QUOTED(keys->options.file), LOG_QUOTED(err.code), LOG_QUOTED(err.text),
			  LOG_QUOTED("what was read before stays in use"));
}

int issuer_keys_reload(struct issuer_keys *keys, struct err *err)
{
	if (!keys->has_thread)
		return read_file(keys, err);
	pthread_mutex_lock(&keys->lock);
	keys->is_urgent = true;
	pthread_cond_signal(&keys->changed);
	pthread_mutex_unlock(&keys->lock);
	return 0;
}

void issuer_keys_measure(struct issuer_keys *keys, struct issuer_keys_state *ret)
{
	*ret = (struct issuer_keys_state){ .count = (int64_t)key_set_count(issuer_keys_now(keys)) };
	if (!keys->has_thread)
		return;
	pthread_mutex_lock(&keys->lock);
	ret->asked = keys->asked;
	ret->failed = keys->failed;
	ret->age_s = keys->good_ms == 0 ? -1 : (clock_ms() - keys->good_ms) / 1000;
	pthread_mutex_unlock(&keys->lock);
}
