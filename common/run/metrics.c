/* The list is kept in the order of registration, with metrics of one name side by side as the text format wants it. It
 * grows only; the lock covers the links, the values are atomics. */
#include "run/metrics.h"

#include "base/clock.h"
#include "base/peer_cause.h"
#include "base/secret_file.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MICROSECONDS = 1000000, US_PER_MS = 1000 };

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *list_first;
static int64_t started_ms;
static _Atomic bool ready;

__attribute__((constructor)) static void note_start(void)
{
	started_ms = clock_wall_ms();
}

void metrics_set_ready(bool is_ready)
{
	atomic_store(&ready, is_ready);
}

void metrics_register(struct metric *metric)
{
	pthread_mutex_lock(&list_lock);
	struct metric **place = &list_first;
	struct metric **behind_same = NULL;

	for (; *place; place = &(*place)->next) {
		if (*place == metric)
			goto out; /* registered before */
		if (strcmp((*place)->name, metric->name) == 0)
			behind_same = &(*place)->next;
	}
	if (behind_same)
		place = behind_same;
	metric->next = *place;
	*place = metric;
out:
	pthread_mutex_unlock(&list_lock);
}

void metrics_register_all(struct metric *metrics, size_t count)
{
	for (size_t i = 0; i < count; i++)
		metrics_register(&metrics[i]);
}

static void write_head(struct strbuf *out, const char *name, const char *help, const char *type)
{
	strbuf_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_seconds(struct strbuf *out, int64_t us)
{
	uint64_t magnitude = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;

	strbuf_add_printf(out, "%s%" PRIu64 ".%06" PRIu64 "\n", us < 0 ? "-" : "", magnitude / MICROSECONDS,
			  magnitude % MICROSECONDS);
}

static const char *type_of(enum metric_kind kind)
{
	static const char *const NAMES[] = {
		[METRIC_COUNTER] = "counter", [METRIC_COUNTER_US] = "counter",	[METRIC_GAUGE] = "gauge",
		[METRIC_GAUGE_US] = "gauge",  [METRIC_HISTOGRAM] = "histogram", [METRIC_HISTOGRAM_US] = "histogram",
	};

	return NAMES[kind];
}

/* Upper edges of the buckets; the last bucket has none. */
static const int64_t SIZE_EDGES[] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000
};
static const int64_t DURATION_EDGES[] = { 1000,	    2500,     5000,	10000,	   25000,     50000,
					  100000,   250000,   500000,	1000000,   2500000,   5000000,
					  10000000, 30000000, 60000000, 300000000, 3600000000 };
_Static_assert(ARRAY_LEN(SIZE_EDGES) < HISTOGRAM_BUCKETS && ARRAY_LEN(DURATION_EDGES) < HISTOGRAM_BUCKETS,
	       "a bucket is left for what lies above the edges");

static size_t edges_of(enum metric_kind kind, const int64_t **ret)
{
	*ret = kind == METRIC_HISTOGRAM_US ? DURATION_EDGES : SIZE_EDGES;
	return kind == METRIC_HISTOGRAM_US ? ARRAY_LEN(DURATION_EDGES) : ARRAY_LEN(SIZE_EDGES);
}

void metric_observe(struct metric *metric, int64_t v)
{
	const int64_t *edges;
	size_t count = edges_of(metric->kind, &edges), bucket = 0;

	v = MAX(v, (int64_t)0);
	while (bucket < count && v > edges[bucket])
		bucket++;
	atomic_fetch_add_explicit(&metric->histogram->counts[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&metric->value, v, memory_order_relaxed);
}

static void write_value(struct strbuf *out, enum metric_kind kind, int64_t value)
{
	if (kind == METRIC_COUNTER_US || kind == METRIC_GAUGE_US || kind == METRIC_HISTOGRAM_US)
		write_seconds(out, value);
	else
		strbuf_add_printf(out, "%" PRId64 "\n", value);
}

/* The name with its suffix, and the labels. */
static void write_series(struct strbuf *out, const struct metric *metric, const char *suffix)
{
	strbuf_add_printf(out, "%s%s", metric->name, suffix);
	if (metric->labels && *metric->labels)
		strbuf_add_printf(out, "{%s}", metric->labels);
	strbuf_add_char(out, ' ');
}

/* le is the last label. A reader sees counts that rise from bucket to bucket, whatever is observed meanwhile, and a
 * _count that equals the last. */
static void write_bucket(struct strbuf *out, const struct metric *metric, const char *edge, int64_t count)
{
	bool has_labels = metric->labels && *metric->labels;

	strbuf_add_printf(out, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", metric->name, has_labels ? metric->labels : "",
			  has_labels ? "," : "", edge, count);
}

static void write_histogram(struct strbuf *out, const struct metric *metric)
{
	const int64_t *edges;
	size_t count = edges_of(metric->kind, &edges);
	int64_t observed = 0;
	char edge[32];

	for (size_t i = 0; i <= count; i++) {
		observed += atomic_load_explicit(&metric->histogram->counts[i], memory_order_relaxed);
		if (i == count)
			snprintf(edge, sizeof edge, "+Inf");
		else if (metric->kind == METRIC_HISTOGRAM_US)
			snprintf(edge, sizeof edge, "%g", (double)edges[i] / MICROSECONDS);
		else
			snprintf(edge, sizeof edge, "%" PRId64, edges[i]);
		write_bucket(out, metric, edge, observed);
	}
	write_series(out, metric, "_sum");
	write_value(out, metric->kind, atomic_load_explicit(&metric->value, memory_order_relaxed));
	write_series(out, metric, "_count");
	strbuf_add_printf(out, "%" PRId64 "\n", observed);
}

static void write_metric(struct strbuf *out, const struct metric *metric)
{
	if (metric->histogram) {
		write_histogram(out, metric);
		return;
	}
	write_series(out, metric, "");
	write_value(out, metric->kind, atomic_load_explicit(&metric->value, memory_order_relaxed));
}

/* Resident bytes by /proc/self/statm, whose second number counts pages; 0 when it cannot be read. */
static int64_t resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	fclose(file);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_fds(void)
{
	int64_t count = 0;
	DIR *dir = opendir("/proc/self/fd");

	if (!dir)
		return 0;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count - 1; /* without the one that reads the folder */
}

static int64_t cpu_us(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) < 0)
		return 0;
	return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * MICROSECONDS + used.ru_utime.tv_usec +
	       used.ru_stime.tv_usec;
}

static void write_peers(struct strbuf *out)
{
	write_head(out, "instroom_peer_failures_total", "Times a server did not serve us, by cause.", "counter");
	for (int peer = 0; peer < PEERS; peer++)
		for (int cause = 0; cause < PEER_CAUSES; cause++)
			strbuf_add_printf(out, "instroom_peer_failures_total{peer=\"%s\",cause=\"%s\"} %" PRId64 "\n",
					  peer_name((enum peer)peer), peer_cause_name((enum peer_cause)cause),
					  peer_failures((enum peer)peer, (enum peer_cause)cause));
}

static void write_process(struct strbuf *out)
{
	write_head(out, "instroom_build_info", "The version that runs; always 1.", "gauge");
	strbuf_add_text(out, "instroom_build_info{version=\"" INSTROOM_VERSION "\"} 1\n");
	write_head(out, "instroom_ready", "1: ready, as /readyz says; 0: it waits for something.", "gauge");
	strbuf_add_printf(out, "instroom_ready %d\n", atomic_load(&ready));
	write_head(out, "process_resident_memory_bytes", "Resident memory.", "gauge");
	strbuf_add_printf(out, "process_resident_memory_bytes %" PRId64 "\n", resident_bytes());
	write_head(out, "process_open_fds", "Open file descriptors.", "gauge");
	strbuf_add_printf(out, "process_open_fds %" PRId64 "\n", open_fds());
	write_head(out, "process_cpu_seconds_total", "User and system time spent.", "counter");
	strbuf_add_text(out, "process_cpu_seconds_total ");
	write_seconds(out, cpu_us());
	write_head(out, "instroom_reload_failures_total",
		   "Secrets, tokens and certificates that could not be read again.", "counter");
	strbuf_add_printf(out, "instroom_reload_failures_total %" PRId64 "\n", secret_file_failures());
	write_peers(out);
	write_head(out, "instroom_kafka_throttled_seconds_total", "Time Kafka kept our requests back by a quota.",
		   "counter");
	strbuf_add_text(out, "instroom_kafka_throttled_seconds_total ");
	write_seconds(out, peer_throttled_ms() * US_PER_MS);
	write_head(out, "process_start_time_seconds", "Start of the process since 1970.", "gauge");
	strbuf_add_printf(out, "process_start_time_seconds %" PRId64 "\n", started_ms / 1000);
}

void metrics_write(struct strbuf *out)
{
	const char *name = "";

	pthread_mutex_lock(&list_lock);
	for (const struct metric *metric = list_first; metric; metric = metric->next) {
		if (strcmp(metric->name, name) != 0)
			write_head(out, metric->name, metric->help, type_of(metric->kind));
		name = metric->name;
		write_metric(out, metric);
	}
	pthread_mutex_unlock(&list_lock);
	write_process(out);
}
