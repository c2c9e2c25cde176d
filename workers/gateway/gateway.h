/* gateway: takes uploads, checks the file, publishes one message a delivery, answers with a receipt (design 3).
 *
 * One thread runs the event loop and owns every handle here; questions to PostgreSQL go to register_jobs, the reference
 * topic to reference_watch. A request that waits for Kafka or PostgreSQL is suspended and costs its memory only. Whatever
 * happens to this process, a delivery is accepted when, and only when, Kafka has its message; the sender of any other
 * sends again.
 *
 * Private header of workers/gateway. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/arena.h"
#include "gateway/gateway_config.h"
#include "gateway/header_form.h"
#include "gateway/reference_watch.h"
#include "gateway/register_jobs.h"
#include "gateway/requests.h"
#include "gateway/route.h"
#include "gateway/tokens.h"
#include "kafka/kafka_producer.h"
#include "run/metrics.h"

struct MHD_Daemon;
struct upload;

struct request {
	struct gateway *gateway;
	struct MHD_Connection *connection;
	struct route route;
	struct reply reply;
	struct job job;
	struct upload *upload; /* of ROUTE_UPLOAD */
	int64_t begun_ms;
	int64_t heard_ms;    /* the last bytes of it */
	int64_t replied_ms;  /* 0: not yet */
	uint64_t body_bytes; /* read so far, kept or not */
	int64_t held_bytes;  /* our part of gateway->held_bytes */
	bool is_suspended;
	int64_t again_ms, give_up_ms; /* of ROUTE_CONFIRM: when to ask the register again; until when */
	struct request *next_waiting;
};

struct gateway {
	struct gateway_config config;
	struct tokens *tokens;
	struct MHD_Daemon *daemon;
	struct clients clients;
	struct kafka_options kafka;
	struct kafka_producer *producer; /* NULL: none could be made, tried again soon */
	int producer_fd;
	struct reference_watch *watch;
	struct reference *reference; /* in force; NULL before the first */
	struct register_jobs *jobs;
	struct arena arena;	 /* of the upload under check */
	struct strbuf message;	 /* under way to the producer */
	int64_t held_bytes;	 /* of all uploads, messages and answers in memory: the byte budget */
	struct request *waiting; /* confirmations */
	int epoll_fd, signal_fd;
	int64_t published_open;
	int64_t chores_at_ms;
	bool is_draining;
};

/* gateway.c */
/* Its life. Before: config and kafka are set, the descriptors are -1, all else is zero. One that could not be opened is
 * closed like any other. */
MUSTUSE int gateway_open(struct gateway *gateway, struct err *err);
MUSTUSE int gateway_turn(void *self, struct err *err);
void gateway_close(struct gateway *gateway);
/* Hands gateway->message to Kafka; the report comes to upload_published or question_published. false: not taken. */
MUSTUSE bool gateway_publish(struct request *request, const struct kafka_header *headers, size_t header_count,
			     struct slice key);
/* Submits request->job; the answer comes to upload_known or question_answered. false: the register cannot be asked. */
MUSTUSE bool gateway_ask(struct request *request);
void gateway_ask_later(struct request *request, int64_t again_ms);
/* Books bytes to (or with a negative number: from) the budget. false: it would be passed, and nothing is booked. */
MUSTUSE bool gateway_hold(struct request *request, int64_t bytes);
/* The same for the answer of request->job, which is there already. Alone it may pass the budget: a terugmelding can be
 * larger than that, and would never be told. */
MUSTUSE bool gateway_hold_answer(struct request *request);
void gateway_let_go(struct request *request); /* of all it holds */

/* upload.c: the moments of an upload. */
void upload_begin(struct request *request);
void upload_take(struct request *request, struct slice bytes);
void upload_end(struct request *request);   /* all bytes are in */
void upload_known(struct request *request); /* the register answered, or is away */
void upload_published(struct request *request, const struct kafka_report *report);
void upload_free(struct upload *upload);
void upload_metrics(void);

/* questions.c: the other routes. */
void question_begin(struct request *request);
void question_answered(struct request *request);
void question_published(struct request *request, const struct kafka_report *report);

#endif
