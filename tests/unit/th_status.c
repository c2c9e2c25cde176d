/* metrics, status: threads register and count while the status page is read by HTTP, and nothing is lost. */
#include "run/metrics.h"
#include "run/status.h"
#include "th.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 3, OWN = 20, ROUNDS = 500, ASKS = 60 };

static struct metric counters[THREADS][OWN]; /* names of their own */
static struct metric shared = { "th_shared_total", "", "Counted by all.", METRIC_COUNTER, 0, NULL };
static char names[THREADS][OWN][32];

static void *count(void *self)
{
	size_t thread = (size_t)((struct metric(*)[OWN])self - counters);

	metrics_register(&shared);
	for (size_t i = 0; i < OWN; i++) {
		snprintf(names[thread][i], sizeof names[thread][i], "th_%zu_%zu_total", thread, i);
		counters[thread][i] = (struct metric){ .name = names[thread][i], .labels = "", .help = "Test." };
		metrics_register(&counters[thread][i]);
		for (int round = 0; round < ROUNDS; round++) {
			metric_add(&counters[thread][i], 1);
			metric_add(&shared, 1);
			status_heartbeat();
			status_set_ready(round % 2 == 0, round % 2 == 0 ? "" : "kafka");
		}
	}
	return NULL;
}

static const char *ask(uint16_t port, const char *request)
{
	static char answer[1 << 17];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	TH_EXPECT(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	TH_EXPECT(send(fd, request, strlen(request), 0) == (ssize_t)strlen(request));
	while (n + 1 < sizeof answer && (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	close(fd);
	return answer;
}

int main(void)
{
	pthread_t threads[THREADS];
	struct status *status;
	struct err err;
	char line[64];

	TH_EXPECT(status_open("127.0.0.1:0", 60000, &status, &err) == 0);
	uint16_t port = status_port(status);

	for (size_t i = 0; i < THREADS; i++)
		TH_EXPECT(pthread_create(&threads[i], NULL, count, &counters[i]) == 0);
	for (int i = 0; i < ASKS; i++) {
		TH_EXPECT(strstr(ask(port, "GET /metrics HTTP/1.0\r\n\r\n"), "instroom_build_info"));
		TH_EXPECT(strstr(ask(port, "GET /healthz HTTP/1.0\r\n\r\n"), " 200 "));
		const char *ready = ask(port, "GET /readyz HTTP/1.0\r\n\r\n");

		TH_EXPECT(strstr(ready, " 200 ") || strstr(ready, "\n\r\nwaiting for: "));
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	const char *page = ask(port, "GET /metrics HTTP/1.0\r\n\r\n");

	for (size_t thread = 0; thread < THREADS; thread++)
		for (size_t i = 0; i < OWN; i++) {
			snprintf(line, sizeof line, "\n%s %d\n", names[thread][i], ROUNDS);
			TH_EXPECT(strstr(page, line) && !strstr(strstr(page, line) + 1, line)); /* once */
		}
	snprintf(line, sizeof line, "\nth_shared_total %d\n", THREADS * OWN * ROUNDS);
	TH_EXPECT(strstr(page, line));
	status_close(status);
	return EXIT_SUCCESS;
}
