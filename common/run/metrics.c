/* The list is kept in the order of registration, with metrics of one name side by side as the text format wants it. It
 * grows only; the lock covers the links, the values are atomics. */
#include "run/metrics.h"

#include "base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MICROSECONDS = 1000000 };

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *list_first;
static int64_t started_ms;

__attribute__((constructor)) static void note_start(void)
{
	started_ms = clock_wall_ms();
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

static bool is_counter(enum metric_kind kind)
{
	return kind == METRIC_COUNTER || kind == METRIC_COUNTER_US;
}

static void write_metric(struct strbuf *out, const struct metric *metric)
{
	int64_t value = atomic_load_explicit(&metric->value, memory_order_relaxed);

	strbuf_add_text(out, metric->name);
	if (metric->labels && *metric->labels)
		strbuf_add_printf(out, "{%s}", metric->labels);
	strbuf_add_char(out, ' ');
	if (metric->kind == METRIC_COUNTER_US || metric->kind == METRIC_GAUGE_US)
		write_seconds(out, value);
	else
		strbuf_add_printf(out, "%" PRId64 "\n", value);
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

static void write_process(struct strbuf *out)
{
	write_head(out, "instroom_build_info", "The version that runs; always 1.", "gauge");
	strbuf_add_text(out, "instroom_build_info{version=\"" INSTROOM_VERSION "\"} 1\n");
	write_head(out, "process_resident_memory_bytes", "Resident memory.", "gauge");
	strbuf_add_printf(out, "process_resident_memory_bytes %" PRId64 "\n", resident_bytes());
	write_head(out, "process_open_fds", "Open file descriptors.", "gauge");
	strbuf_add_printf(out, "process_open_fds %" PRId64 "\n", open_fds());
	write_head(out, "process_cpu_seconds_total", "User and system time spent.", "counter");
	strbuf_add_text(out, "process_cpu_seconds_total ");
	write_seconds(out, cpu_us());
	write_head(out, "process_start_time_seconds", "Start of the process since 1970.", "gauge");
	strbuf_add_printf(out, "process_start_time_seconds %" PRId64 "\n", started_ms / 1000);
}

void metrics_write(struct strbuf *out)
{
	const char *name = "";

	pthread_mutex_lock(&list_lock);
	for (const struct metric *metric = list_first; metric; metric = metric->next) {
		if (strcmp(metric->name, name) != 0)
			write_head(out, metric->name, metric->help, is_counter(metric->kind) ? "counter" : "gauge");
		name = metric->name;
		write_metric(out, metric);
	}
	pthread_mutex_unlock(&list_lock);
	write_process(out);
}
