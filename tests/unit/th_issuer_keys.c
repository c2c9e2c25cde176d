/* issuer_keys: the loop takes each set whole while the thread asks for the next; unknown keys ask once per pause; what
 * is known goes on for a day; and a question under way does not hold up the end.
 *
 * libcurl and the clock are fakes: their names here go before those of the libraries. */
#include "gateway/issuer_keys.h"

#include "base/clock.h"
#include "base/log.h"
#include "th.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

enum { WAIT_MS = 60000, FLOOD = 10000, DAY_MS = 24 * 60 * 60 * 1000 };

#define X	 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEYS(id) "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" id "\",\"x\":\"" X "\",\"y\":\"" X "\"}]}"

static _Atomic int64_t ahead_ms; /* of the real clock */
static atomic_int asked;
static atomic_bool is_away, is_slow, is_odd;

int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + atomic_load(&ahead_ms) * 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_wall_ms(void)
{
	return clock_ms();
}

int32_t clock_amsterdam_date(int64_t wall_ms)
{
	(void)wall_ms;
	return 20270115;
}

/* ---- libcurl ---- */

static curl_write_callback write_body;
static curl_xferinfo_callback look;
static void *body_self, *look_self;

CURL *curl_easy_init(void)
{
	return malloc(1);
}

void curl_easy_cleanup(CURL *curl)
{
	free(curl);
}

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	va_list args;

	(void)curl;
	va_start(args, option);
	if (option == CURLOPT_WRITEFUNCTION)
		write_body = va_arg(args, curl_write_callback);
	else if (option == CURLOPT_WRITEDATA)
		body_self = va_arg(args, void *);
	else if (option == CURLOPT_XFERINFOFUNCTION)
		look = va_arg(args, curl_xferinfo_callback);
	else if (option == CURLOPT_XFERINFODATA)
		look_self = va_arg(args, void *);
	va_end(args);
	return CURLE_OK;
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
	va_list args;

	(void)curl, (void)info;
	va_start(args, info);
	*va_arg(args, long *) = 200;
	va_end(args);
	return CURLE_OK;
}

CURLcode curl_easy_perform(CURL *curl)
{
	char even[] = KEYS("even"), odd[] = KEYS("odd");
	char *text = atomic_load(&is_odd) ? odd : even;

	(void)curl;
	atomic_fetch_add(&asked, 1);
	while (atomic_load(&is_slow))
		if (look(look_self, 0, 0, 0, 0) != 0)
			return CURLE_ABORTED_BY_CALLBACK;
	if (atomic_load(&is_away))
		return CURLE_COULDNT_CONNECT;
	return write_body(text, 1, strlen(text), body_self) == strlen(text) ? CURLE_OK : CURLE_WRITE_ERROR;
}

/* ---- the tests ---- */

static struct issuer_keys *open_keys(void)
{
	const struct issuer_keys_options options = { .file = "",
						     .url = "https://issuer.example/keys",
						     .ca_file = "",
						     .algs = 1 << ALG_ES256,
						     .pause_ms = 60000 };
	struct issuer_keys *keys = NULL;
	struct err err = { 0 };

	TH_EXPECT(issuer_keys_open(&options, &keys, &err) == 0);
	return keys;
}

static bool has_key(struct issuer_keys *keys, const char *id)
{
	return key_set_find(issuer_keys_now(keys), slice_of(id)) != NULL;
}

static void wait_for_key(struct issuer_keys *keys, const char *id)
{
	for (int waited_ms = 0; !has_key(keys, id); waited_ms++) {
		TH_EXPECT(waited_ms < WAIT_MS);
		usleep(1000);
	}
}

static void wait_for_failures(struct issuer_keys *keys, int64_t count)
{
	struct issuer_keys_state state = { 0 };

	for (int waited_ms = 0; issuer_keys_measure(keys, &state), state.failed < count; waited_ms++) {
		TH_EXPECT(waited_ms < WAIT_MS);
		usleep(1000);
	}
}

static void wait_for_questions(int count)
{
	for (int waited_ms = 0; atomic_load(&asked) < count; waited_ms++) {
		TH_EXPECT(waited_ms < WAIT_MS);
		usleep(1000);
	}
}

/* The clock goes on by itself meanwhile, but not by a pause: a flood takes less. */
static void flood(struct issuer_keys *keys, bool may_change)
{
	for (int i = 0; i < FLOOD; i++)
		TH_EXPECT(!has_key(keys, "made-up") && issuer_keys_miss(keys) == may_change);
}

static void asks_once_per_pause(void)
{
	struct issuer_keys *keys = open_keys();

	wait_for_key(keys, "even");
	TH_EXPECT(atomic_load(&asked) == 1);
	flood(keys, false);
	TH_EXPECT(atomic_load(&asked) == 1);
	atomic_store(&is_odd, true);
	atomic_fetch_add(&ahead_ms, 60000);
	TH_EXPECT(issuer_keys_miss(keys)); /* which wakes the thread: its pause is over */
	wait_for_key(keys, "odd");
	TH_EXPECT(!has_key(keys, "even") && atomic_load(&asked) == 2);
	flood(keys, false);
	TH_EXPECT(atomic_load(&asked) == 2);
	issuer_keys_close(keys);
}

static void goes_on_for_a_day(void)
{
	struct issuer_keys *keys = open_keys();
	struct issuer_keys_state state;

	wait_for_key(keys, "odd");
	atomic_store(&is_away, true);
	atomic_fetch_add(&ahead_ms, DAY_MS - 60000);
	TH_EXPECT(has_key(keys, "odd") && issuer_keys_miss(keys));
	wait_for_failures(keys, 1);
	TH_EXPECT(has_key(keys, "odd"));
	atomic_fetch_add(&ahead_ms, 120000);
	TH_EXPECT(!has_key(keys, "odd") && issuer_keys_miss(keys));
	issuer_keys_measure(keys, &state);
	TH_EXPECT(state.count == 0 && state.age_s >= DAY_MS / 1000);
	atomic_store(&is_away, false);
	atomic_fetch_add(&ahead_ms, 60000);
	(void)issuer_keys_miss(keys);
	wait_for_key(keys, "odd");
	issuer_keys_close(keys);
}

static void ends_while_it_asks(void)
{
	struct issuer_keys *keys;
	int before = atomic_load(&asked);

	atomic_store(&is_slow, true);
	keys = open_keys();
	wait_for_questions(before + 1);
	TH_EXPECT(!issuer_keys_now(keys) && issuer_keys_miss(keys));
	issuer_keys_close(keys);
	atomic_store(&is_slow, false);
}

static void asks_at_once_when_told(void)
{
	struct issuer_keys *keys = open_keys();
	struct err err = { 0 };

	atomic_store(&is_odd, false);
	TH_EXPECT(issuer_keys_reload(keys, &err) == 0);
	wait_for_key(keys, "even");
	issuer_keys_close(keys);
}

int main(void)
{
	log_init("th", LOG_ERROR + 1);
	asks_once_per_pause();
	goes_on_for_a_day();
	ends_while_it_asks();
	asks_at_once_when_told();
	return EXIT_SUCCESS;
}
