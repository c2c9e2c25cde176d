#include "trace/span_exporter.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/url.h"
#include "run/app.h"
#include "run/metrics.h"
#include "trace/span_answer.h"
#include "trace/span_json.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
	EVERY_MS = 500,
	RETRY_MS_MIN = 1000,
	RETRY_MS_MAX = 30000,
	CONNECT_MS_MAX = 2000,
	ANSWER_MS_MAX = 10000,
	BATCH_SPANS_MAX = 256,
	BATCH_BYTES_MAX = 1 << 20,
	ANSWER_BYTES_MAX = 64 << 10, /* more of it is not looked at */
};

enum trace_metric { SENT, DROPPED_QUEUE, DROPPED_REFUSED, DROPPED_END, TRACE_METRICS };

#define DROPPED(why_)                                                                \
	METRIC_OF(METRIC_COUNTER, "instroom_trace_spans_dropped_total", "why=" why_, \
		  "Spans that were not sent, or not taken.")
static struct metric metrics[TRACE_METRICS] = {
	[SENT] = METRIC_OF(METRIC_COUNTER, "instroom_trace_spans_sent_total", "",
			   "Spans that the endpoint of trace.endpoint has taken."),
	[DROPPED_QUEUE] = DROPPED("\"queue\""),
	[DROPPED_REFUSED] = DROPPED("\"refused\""),
	[DROPPED_END] = DROPPED("\"end\""),
};

static void count(enum trace_metric which, size_t spans)
{
	metric_add(&metrics[which], (int64_t)spans);
}

/* Once per process, with the label of the stage in front of the row's own. */
static void register_metrics(const char *stage)
{
	static char labels[TRACE_METRICS][64];

	for (size_t i = 0; i < TRACE_METRICS && labels[i][0] == '\0'; i++) {
		const char *own = metrics[i].labels;

		snprintf(labels[i], sizeof labels[i], "stage=\"%s\"%s%s", stage, own[0] ? "," : "", own);
		metrics[i].labels = labels[i];
		metrics_register(&metrics[i]);
	}
}

struct span_exporter {
	struct span_exporter_options options;
	struct span slots[SPAN_EXPORTER_QUEUE];
	_Atomic size_t added;	/* by the loop; ever */
	_Atomic size_t taken;	/* by the thread; ever */
	_Atomic int64_t end_ms; /* of clock_ms(): give up then; 0: no end is near */
	pthread_t thread;
	pthread_mutex_t lock; /* of is_closing */
	pthread_cond_t changed;
	bool is_closing;

	/* the thread's own */
	CURL *curl;
	struct curl_slist *headers;
	char why[CURL_ERROR_SIZE]; /* the last request failed */
	struct strbuf request, answer;
	size_t batch_count; /* spans in request; 0: none */
	struct backoff backoff;
	uint64_t failures; /* in a row */
};

/* ---- the loop's side ---- */

void span_exporter_add(struct span_exporter *exporter, const struct span *span)
{
	if (!exporter)
		return;
	size_t added = atomic_load_explicit(&exporter->added, memory_order_relaxed);

	if (added - atomic_load_explicit(&exporter->taken, memory_order_acquire) == SPAN_EXPORTER_QUEUE) {
		count(DROPPED_QUEUE, 1);
		return;
	}
	exporter->slots[added % SPAN_EXPORTER_QUEUE] = *span;
	atomic_store_explicit(&exporter->added, added + 1, memory_order_release);
}

/* ---- one request ---- */

/* The spans that wait, as many as one request carries. false: none. */
static bool make_batch(struct span_exporter *exporter)
{
	size_t taken = atomic_load_explicit(&exporter->taken, memory_order_relaxed);
	size_t waiting = atomic_load_explicit(&exporter->added, memory_order_acquire) - taken;
	size_t spans = MIN(waiting, (size_t)BATCH_SPANS_MAX);

	if (spans == 0)
		return false;
	strbuf_reset(&exporter->request);
	span_json_begin(&exporter->request, exporter->options.stage, exporter->options.instance);
	for (size_t i = 0; i < spans; i++)
		span_json_add(&exporter->request, &exporter->slots[(taken + i) % SPAN_EXPORTER_QUEUE], i == 0);
	span_json_end(&exporter->request);
	exporter->batch_count = spans;
	atomic_store_explicit(&exporter->taken, taken + spans, memory_order_release);
	return true;
}

static size_t keep_answer(char *bytes, size_t size, size_t n, void *self)
{
	struct span_exporter *exporter = self;

	strbuf_add_bytes(&exporter->answer, bytes, size * n); /* past the cap nothing more is kept */
	return size * n;
}

/* Not 0 ends the request. */
static int look_whether_over(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct span_exporter *exporter = self;
	int64_t end_ms = atomic_load(&exporter->end_ms);

	(void)a, (void)b, (void)c, (void)d;
	return end_ms != 0 && clock_ms() >= end_ms;
}

static int64_t time_left_ms(struct span_exporter *exporter)
{
	int64_t end_ms = atomic_load(&exporter->end_ms);

	return end_ms == 0 ? (int64_t)ANSWER_MS_MAX : MAX(end_ms - clock_ms(), (int64_t)1);
}

static enum span_verdict post(struct span_exporter *exporter)
{
	long status = 0;

	strbuf_reset(&exporter->answer);
	exporter->why[0] = '\0';
	curl_easy_setopt(exporter->curl, CURLOPT_POSTFIELDS, exporter->request.p);
	curl_easy_setopt(exporter->curl, CURLOPT_POSTFIELDSIZE, (long)exporter->request.n);
	curl_easy_setopt(exporter->curl, CURLOPT_TIMEOUT_MS, (long)MIN(time_left_ms(exporter), ANSWER_MS_MAX));
	CURLcode rc = curl_easy_perform(exporter->curl);

	if (rc != CURLE_OK && exporter->why[0] == '\0')
		snprintf(exporter->why, sizeof exporter->why, "%s", curl_easy_strerror(rc));
	if (rc != CURLE_OK)
		return SPANS_LATER;
	curl_easy_getinfo(exporter->curl, CURLINFO_RESPONSE_CODE, &status);
	snprintf(exporter->why, sizeof exporter->why, "the answer has status %ld", status);
	return span_answer_of_status(status);
}

static void note_failure(struct span_exporter *exporter, const char *why, const char *effect)
{
	exporter->failures++;
	if ((exporter->failures & (exporter->failures - 1)) == 0)
		log_event(LOG_WARN, "spans.refused", "endpoint=%s failures=%llu why=%s effect=%s",
			  LOG_QUOTED(exporter->options.endpoint), (unsigned long long)exporter->failures,
			  LOG_QUOTED(why), LOG_QUOTED(effect));
}

static void note_taken(struct span_exporter *exporter, size_t spans)
{
	size_t rejected = span_answer_rejected(strbuf_slice(&exporter->answer), spans);

	count(SENT, spans - rejected);
	count(DROPPED_REFUSED, rejected);
	if (rejected > 0)
		note_failure(exporter, "the answer rejects some of them", "these are dropped");
	else if (exporter->failures > 0) {
		log_event(LOG_INFO, "spans.taken", "failures=%llu", (unsigned long long)exporter->failures);
		exporter->failures = 0;
	}
}

/* false: the batch stays, for later. */
static bool send_batch(struct span_exporter *exporter)
{
	bool is_made = strbuf_ok(&exporter->request);
	enum span_verdict verdict = is_made ? post(exporter) : SPANS_REFUSED;
	size_t spans = exporter->batch_count;

	if (verdict == SPANS_LATER) {
		note_failure(exporter, exporter->why, "they are sent again; those that come meanwhile may be dropped");
		return false;
	}
	exporter->batch_count = 0;
	if (verdict == SPANS_TAKEN) {
		note_taken(exporter, spans);
	} else {
		count(DROPPED_REFUSED, spans);
		note_failure(exporter, is_made ? exporter->why : "no memory for a request", "they are dropped");
		strbuf_release(&exporter->request); /* a full one takes nothing more */
		strbuf_init(&exporter->request, BATCH_BYTES_MAX);
	}
	return true;
}

/* ---- the thread ---- */

/* All that waits. Returns how long to rest, in ms. */
static uint32_t send_all(struct span_exporter *exporter)
{
	while (exporter->batch_count > 0 || make_batch(exporter)) {
		if (!send_batch(exporter))
			return backoff_next_ms(&exporter->backoff);
		backoff_reset(&exporter->backoff);
		if (look_whether_over(exporter, 0, 0, 0, 0))
			break;
	}
	return EVERY_MS;
}

/* false: it is closing. */
static bool rest(struct span_exporter *exporter, uint32_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&exporter->lock);
	while (!exporter->is_closing && pthread_cond_timedwait(&exporter->changed, &exporter->lock, &until) == 0)
		;
	bool goes_on = !exporter->is_closing;

	pthread_mutex_unlock(&exporter->lock);
	return goes_on;
}

static void drop_rest(struct span_exporter *exporter)
{
	size_t left = atomic_load(&exporter->added) - atomic_load(&exporter->taken) + exporter->batch_count;

	count(DROPPED_END, left);
	if (left > 0)
		log_event(LOG_WARN, "spans.dropped", "count=%zu why=%s effect=%s", left,
			  LOG_QUOTED("the endpoint did not take them before the end"),
			  LOG_QUOTED("traces of the last deliveries lack them"));
}

static void *run(void *self)
{
	struct span_exporter *exporter = self;

	while (rest(exporter, send_all(exporter)))
		;
	if (!look_whether_over(exporter, 0, 0, 0, 0))
		(void)send_all(exporter);
	drop_rest(exporter);
	return NULL;
}

/* ---- start and end ---- */

static bool set_options(struct span_exporter *exporter)
{
	const struct span_exporter_options *options = &exporter->options;
	CURL *curl = exporter->curl;
	const CURLcode done[] = {
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exporter->why),
		curl_easy_setopt(curl, CURLOPT_URL, options->endpoint),
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, url_is_near(options->endpoint) ? "http" : "https"),
		curl_easy_setopt(curl, CURLOPT_POST, 1L),
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exporter->headers),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L),
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L),
		curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS_MAX),
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
		curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L), /* no end waits for a name that is looked up */
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer),
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, exporter),
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L),
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_over),
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exporter),
		options->ca_file[0] ? curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file) : CURLE_OK,
	};

	for (size_t i = 0; i < ARRAY_LEN(done); i++)
		if (done[i] != CURLE_OK)
			return false;
	return true;
}

static int make_client(struct span_exporter *exporter, struct err *err)
{
	static const char *const HEADERS[] = { "Content-Type: application/json", "Accept: application/json",
					       "Expect:" };

	exporter->curl = curl_easy_init();
	for (size_t i = 0; i < ARRAY_LEN(HEADERS); i++) {
		struct curl_slist *longer = curl_slist_append(exporter->headers, HEADERS[i]);

		if (!longer)
			return err_set(err, ERR_FATAL, "memory", "no memory to send spans");
		exporter->headers = longer;
	}
	if (!exporter->curl || !set_options(exporter))
		return err_set(err, ERR_FATAL, "curl", "libcurl cannot send spans");
	return 0;
}

static int begin_thread(struct span_exporter *exporter, struct err *err)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&exporter->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&exporter->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&exporter->thread, NULL, run, exporter) == 0)
		return 0;
	pthread_cond_destroy(&exporter->changed);
	pthread_mutex_destroy(&exporter->lock);
	return err_set(err, ERR_FATAL, "thread", "no thread to send spans");
}

static void free_all(struct span_exporter *exporter)
{
	curl_slist_free_all(exporter->headers);
	curl_easy_cleanup(exporter->curl);
	strbuf_release(&exporter->request);
	strbuf_release(&exporter->answer);
	free(exporter);
	curl_global_cleanup();
}

static int check_endpoint(const char *endpoint, struct err *err)
{
	if (!url_is_safe(endpoint))
		return err_set(err, ERR_CONFIG, "trace.endpoint",
			       "spans are sent to https:// (http:// of this machine: 127.0.0.1)");
	if (strchr(endpoint, '@'))
		return err_set(err, ERR_CONFIG, "trace.endpoint", "no name or password belongs in the address");
	return 0;
}

int span_exporter_open(const struct span_exporter_options *options, struct span_exporter **ret, struct err *err)
{
	register_metrics(options->stage);
	*ret = NULL;
	if (options->endpoint[0] == '\0')
		return 0;
	int rc = check_endpoint(options->endpoint, err);

	if (rc != 0)
		return rc;
	struct span_exporter *exporter = calloc(1, sizeof *exporter);

	if (!exporter)
		return err_set(err, ERR_FATAL, "memory", "no memory for spans");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(exporter);
		return err_set(err, ERR_FATAL, "curl", "libcurl does not start");
	}
	exporter->options = *options;
	strbuf_init(&exporter->request, BATCH_BYTES_MAX);
	strbuf_init(&exporter->answer, ANSWER_BYTES_MAX);
	backoff_init(&exporter->backoff, RETRY_MS_MIN, RETRY_MS_MAX);
	rc = make_client(exporter, err);
	if (rc == 0)
		rc = begin_thread(exporter, err);
	if (rc != 0) {
		free_all(exporter);
		return rc;
	}
	log_event(LOG_INFO, "spans.begun", "endpoint=%s", LOG_QUOTED(options->endpoint));
	*ret = exporter;
	return 0;
}

void span_exporter_close(struct span_exporter *exporter)
{
	if (!exporter)
		return;
	atomic_store(&exporter->end_ms, clock_ms() + (stop_seen() == STOP_NOW ? 0 : SPAN_EXPORTER_CLOSE_MS));
	pthread_mutex_lock(&exporter->lock);
	exporter->is_closing = true;
	pthread_cond_signal(&exporter->changed);
	pthread_mutex_unlock(&exporter->lock);
	pthread_join(exporter->thread, NULL);
	pthread_cond_destroy(&exporter->changed);
	pthread_mutex_destroy(&exporter->lock);
	free_all(exporter);
}
