#include "run/status.h"
#include "base/clock.h"
#include "base/macros.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first line and all else of the answer to one request. */
static const char *ask(uint16_t port, const char *request)
{
	static char answer[65536];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	cr_assert_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	while (n + 1 < sizeof answer && (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	close(fd);
	return answer;
}

#define GET(path) "GET " path " HTTP/1.0\r\n\r\n"

Test(status, serves_health_readiness_and_metrics)
{
	struct status *status = NULL;
	struct err err;

	cr_assert_eq(status_open("127.0.0.1:0", 60000, &status, &err), 0, "%s", err.text);
	uint16_t port = status_port(status);

	cr_assert_neq(port, 0);
	cr_expect(strstr(ask(port, GET("/healthz")), " 200 "));
	cr_expect(strstr(ask(port, GET("/readyz")), " 503 "));
	status_set_ready(false, "kafka");
	cr_expect(strstr(ask(port, GET("/readyz")), "waiting for: kafka"));
	status_set_ready(true, "");
	cr_expect(strstr(ask(port, GET("/readyz")), " 200 "));
	cr_expect(strstr(ask(port, GET("/metrics")), "instroom_build_info"));
	cr_expect(strstr(ask(port, GET("/other")), " 404 "));
	cr_expect(strstr(ask(port, "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), " 405 "));
	status_close(status);
}

Test(status, a_loop_that_stands_still_is_not_alive)
{
	struct status *status = NULL;
	struct err err;

	cr_assert_eq(status_open("127.0.0.1:0", 30, &status, &err), 0);
	cr_expect(status_is_alive());
	usleep(60000);
	cr_expect_not(status_is_alive());
	cr_expect(strstr(ask(status_port(status), GET("/healthz")), " 503 "));
	status_heartbeat();
	cr_expect(status_is_alive());
	status_close(status);
}

Test(status, without_an_address_there_is_no_page_and_all_calls_accept_it)
{
	struct status *status = (struct status *)&status;
	struct err err;

	cr_expect_eq(status_open("", 1000, &status, &err), 0);
	cr_expect_null(status);
	cr_expect_eq(status_port(status), 0);
	status_close(status);
}

Test(status, an_address_that_cannot_be_is_a_setting)
{
	static const char *const ADDRESSES[] = { "9464",	   ":9464",	      "127.0.0.1:",
						 "127.0.0.1:http", "127.0.0.1:99999", "no.such.host.invalid:1",
						 "192.0.2.1:9464" };
	struct status *status = NULL;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(ADDRESSES); i++)
		cr_expect_eq(status_open(ADDRESSES[i], 1000, &status, &err), -ERR_CONFIG, "%s", ADDRESSES[i]);
}
