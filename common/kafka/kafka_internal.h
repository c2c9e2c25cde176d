/* kafka_internal: what the files of this module share and no other may see: it shows librdkafka. */
#ifndef KAFKA_KAFKA_INTERNAL_H
#define KAFKA_KAFKA_INTERNAL_H

#include "kafka/kafka_gap.h"

#include "base/peer_cause.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* A configuration under construction. The first setting that librdkafka refuses is kept in err; later ones do
 * nothing. */
struct kafka_conf {
	rd_kafka_conf_t *conf;
	struct err err; /* kind 0: all is well */
};

/* With what a client logs in; the strings are the caller's. */
struct kafka_login {
	const char *user;
	struct secret password;
	bool is_refused;	  /* logged */
	int64_t refused_at_ms;	  /* last */
	int64_t read_again_at_ms; /* 0: nobody has refused us since we were accepted */
};

void kafka_login_init(struct kafka_login *login, const struct kafka_options *kafka);
/* The brokers refuse us: the next attempt logs in with what the password's file holds now. Logged once, as an error, if
 * they had accepted us before. For error callbacks. */
void kafka_login_refused(struct kafka_login *login, rd_kafka_t *rk, bool was_accepted);
/* For every poll: reads the file once a second from a refusal on. librdkafka tries again several times a second, and
 * tells the callback of a refusal like the last one only every 30 s. */
void kafka_login_poll(struct kafka_login *login, rd_kafka_t *rk);
void kafka_login_accepted(struct kafka_login *login);
/* For all that a broker sends us. Another one may refuse us meanwhile, and what comes may have been fetched before, so
 * it ends a refusal only when none was heard for longer than librdkafka keeps one like the last to itself. */
void kafka_login_served(struct kafka_login *login);

void kafka_conf_begin(struct kafka_conf *conf, const struct kafka_options *kafka);
void kafka_conf_set(struct kafka_conf *conf, const char *name, const char *value); /* an empty value sets nothing */
/* Sets what newer libraries have; false: this one does not. */
bool kafka_conf_offer(struct kafka_conf *conf, const char *name, const char *value);
void kafka_conf_set_number(struct kafka_conf *conf, const char *name, int64_t value);
/* Answers of a few MiB, however long the log: a consumer's memory is what it fetches ahead. A larger message comes
 * alone in its answer (KIP-74). */
void kafka_conf_set_fetch_bytes(struct kafka_conf *conf, int32_t message_bytes_max);
/* Not 0: the system gives us fewer threads than a client may need. */
MUSTUSE int kafka_require_threads(struct err *err);

/* Makes the handle, which owns the configuration from then on. Releases it too when this fails. */
MUSTUSE int kafka_conf_finish(struct kafka_conf *conf, rd_kafka_type_t type, rd_kafka_t **ret, struct err *err);

/* Whether the library of this version, as rd_kafka_version() gives it, logs in to Kafka 4 by SCRAM. */
bool kafka_can_scram(int library_version);

/* The kind of a code: what a caller can do about it. */
enum err_kind kafka_sort(rd_kafka_resp_err_t code);
/* Our sentence, with librdkafka's name of the code. Returns -kind. Wrong credentials get the code "credentials"; once
 * Kafka has answered this process they may pass, whichever of its clients is refused, and are ERR_RETRY. */
int kafka_fail(rd_kafka_resp_err_t code, const char *what, struct err *err);

/* What is known of why a connection fails (kafka_cause.c). */
void kafka_conf_watch(struct kafka_conf *conf);
/* For error callbacks, first of all. */
void kafka_cause_note(int code, const char *reason);
/* HOST:PORT that a reason begins with; "": none. */
void kafka_place_of(const char *reason, char ret[PEER_WHERE_BYTES]);
/* Of a call without an answer: says the cause, if one is known. ERR_CONFIG: nobody but a person mends it, and Kafka has
 * not answered this process yet; else ERR_RETRY. */
int kafka_fail_away(rd_kafka_resp_err_t code, const char *what, struct err *err);
/* The same for the error that stands, after the events have been seen. */
int kafka_name_cause(int rc, const char *what, struct err *err);

/* Likewise of a client that worked before: what brokers refuse then (user, password, a right) may pass, and is
 * ERR_RETRY. */
int kafka_fail_later(rd_kafka_resp_err_t code, const char *what, bool has_worked, struct err *err);

/* A reader of this process was given what the topic holds, or was told that it had come to its end. */
void kafka_note_read(const char *topic);
bool kafka_has_read(const char *topic);

/* What a client does with bodies; the strings are the options'. */
struct kafka_bodies {
	const struct body_seal *seal;
	bool are_ignored, are_shown_shut;
};
static inline struct kafka_bodies kafka_bodies_of(const struct kafka_options *kafka)
{
	return (struct kafka_bodies){ kafka->bodies, kafka->ignores_bodies, kafka->shows_shut };
}

/* Owns the message from here on: slices into it, headers beside it; its body opened, if it was sealed and we can.
 * ERR_FATAL: no memory; the message is destroyed. */
MUSTUSE int kafka_message_take(const struct kafka_bodies *bodies, rd_kafka_message_t *message,
			       struct kafka_message *ret, struct err *err);

MUSTUSE int kafka_ask_range(rd_kafka_t *rk, const char *topic, int32_t partition, uint32_t wait_ms,
			    struct kafka_topic_range *ret, struct err *err);
/* What became of the offsets from this one on that Kafka did not hand out, although it did higher ones or says that
 * there are none. */
MUSTUSE int kafka_ask_gap(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t from, uint32_t wait_ms,
			  enum kafka_gap *ret, struct err *err);
/* ERR_CONFIG: there is no such topic. */
MUSTUSE int kafka_ask_partitions(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, int32_t *ret, struct err *err);

/* The least of its partitions. */
MUSTUSE int kafka_ask_replicas(rd_kafka_t *rk, const char *topic, uint32_t wait_ms, int32_t *ret, struct err *err);

/* One question to the brokers' admin interface. Begin it, pass options and queue to the function of librdkafka that
 * asks (rd_kafka_DescribeConfigs and its like), await the answer, read it, release. All zero: no question. */
struct kafka_question {
	rd_kafka_queue_t *queue;
	rd_kafka_AdminOptions_t *options;
	rd_kafka_event_t *answer; /* NULL: not here yet. What is read from it lives until the release */
};

/* wait_ms: after which librdkafka answers with a timeout itself */
void kafka_question_begin(struct kafka_question *question, rd_kafka_t *rk, rd_kafka_admin_op_t kind, uint32_t wait_ms);
/* The code of the answer as a whole. RD_KAFKA_RESP_ERR__TIMED_OUT: none within wait_ms; it may be awaited again. */
rd_kafka_resp_err_t kafka_question_await(struct kafka_question *question, uint32_t wait_ms);
void kafka_question_release(struct kafka_question *question);
/* Of a resource in the answer to DescribeConfigs. NULL: it has no such setting. */
const char *kafka_config_value(const rd_kafka_ConfigResource_t *resource, const char *name);

/* for tests: to make them fail */
struct kafka_producer;
struct kafka_reader;
struct kafka_consumer;
rd_kafka_t *kafka_consumer_handle(struct kafka_consumer *consumer);
struct kafka_login *kafka_consumer_login(struct kafka_consumer *consumer);
rd_kafka_t *kafka_producer_handle(struct kafka_producer *producer);
rd_kafka_t *kafka_reader_handle(struct kafka_reader *reader);

static inline void drop_partition_list(rd_kafka_topic_partition_list_t **list)
{
	if (*list)
		rd_kafka_topic_partition_list_destroy(*list);
}

static inline void drop_rd_topic(rd_kafka_topic_t **topic)
{
	if (*topic)
		rd_kafka_topic_destroy(*topic);
}

#endif
