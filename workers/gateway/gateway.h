/* gateway: takes uploads, checks the file, publishes one message a delivery, answers with a receipt (DESIGN 3).
 *
 * One thread runs the event loop and owns every handle; questions to PostgreSQL go to register_jobs. A request that waits
 * for Kafka or PostgreSQL is suspended and costs its memory only. Whatever happens to this process, a delivery is accepted
 * when, and only when, Kafka has its message; the sender of any other sends again.
 *
 * Private header of workers/gateway. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/arena.h"
#include "gateway/gateway_config.h"
#include "gateway/header_form.h"
#include "gateway/register_jobs.h"
#include "gateway/tokens.h"
#include "kafka/kafka_reader.h"
#include "kafka/kafka_sink.h"
#include "model/reference.h"
#include "run/metrics.h"

struct MHD_Connection;
struct MHD_Daemon;
struct upload;

enum route {
	ROUTE_NONE = 0,
	ROUTE_UPLOAD,
	ROUTE_DELIVERY,
	ROUTE_FEEDBACK,
	ROUTE_CONFIRM,
	ROUTE_STAND,
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_METRICS,
};

/* What is sent back. body is owned. */
struct reply {
	unsigned status; /* 0: not known yet */
	const char *type;
	struct strbuf body;
	char location[160];
	unsigned retry_after_s; /* 0: none */
};

struct request {
	struct gateway *gateway;
	struct MHD_Connection *connection;
	enum route route;
	uint32_t board;
	char id[DELIVERY_ID_BYTES_MAX + 1]; /* of the path */
	bool is_suspended;
	struct reply reply;
	struct job job;
	struct upload *upload;	/* of ROUTE_UPLOAD */
	bool is_published;	/* of ROUTE_CONFIRM */
	int64_t again_ms;	/* when to ask the register once more; 0: not waiting */
	int64_t give_up_ms;
	struct request *next_waiting;
};

struct gateway {
	struct gateway_config config;
	struct tokens *tokens;
	struct MHD_Daemon *daemon;
	struct kafka_options kafka;
	struct kafka_sink *sink;
	struct kafka_reader *reference_reader;
	int64_t reference_next; /* offset */
	bool is_reference_read;
	struct reference *reference; /* in force; NULL before the first */
	struct register_jobs *jobs;
	struct arena arena; /* of the upload under check */
	struct strbuf message;
	int64_t upload_bytes; /* of all uploads in memory: the byte budget */
	struct request *waiting;
	int epoll_fd, signal_fd, sink_fd;
	int32_t partitions;
	int64_t produced_open;
	bool is_draining;
};

/* upload.c: the three moments of an upload. */
void upload_begin(struct request *request);
void upload_take(struct request *request, struct slice bytes);
void upload_end(struct request *request);	       /* all bytes are in */
void upload_known(struct request *request);	       /* the register answered, or is away */
void upload_published(struct request *request, const struct kafka_report *report);
int64_t upload_budgeted(const struct upload *upload); /* its part of gateway->upload_bytes */
void upload_free(struct upload *upload);
void upload_metrics(void);

/* questions.c: the other routes. */
void question_begin(struct request *request);
void question_answered(struct request *request);
void question_published(struct request *request, const struct kafka_report *report);

/* reply.c */
void reply_problem(struct reply *reply, unsigned status, const char *title, const char *detail);
void reply_text(struct reply *reply, unsigned status, const char *type, const char *text);
void reply_busy(struct reply *reply, const char *detail); /* 503 with Retry-After */
void reply_release(struct reply *reply);

/* gateway.c */
MUSTUSE bool gateway_publish(struct request *request, const struct kafka_header *headers, size_t header_count,
			     struct slice key, struct slice message);
MUSTUSE bool gateway_ask(struct request *request); /* submits request->job; false: answered with 503 */
void gateway_wait(struct request *request, int64_t again_ms);
/* The query value of this name; false: not there. A name without "=" has the empty value. */
bool request_query(const struct request *request, const char *name, struct slice *ret);
struct slice request_header(const struct request *request, const char *name);

#endif
