#include "gateway/raw_publisher.h"

#include "base/log.h"
#include "base/num.h"
#include "kafka/kafka_refusal.h"
#include "model/teacher_key.h"

#include <sys/epoll.h>

static void report(struct raw_publisher *publisher, const struct kafka_report *report)
{
	publisher->in_flight--;
	publisher->options.reported(publisher->options.self, report);
}

/* ---- the producers ---- */

static void close_producer(struct raw_publisher *publisher, struct kafka_producer **producer)
{
	struct err err;

	if (!*producer)
		return;
	int fd = kafka_producer_event_fd(*producer, &err);

	if (fd >= 0)
		epoll_ctl(publisher->options.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	kafka_producer_close(*producer);
	*producer = NULL;
}

static int watch_producer(struct raw_publisher *publisher, struct kafka_producer *producer, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = kafka_producer_event_fd(producer, err);

	if (fd < 0)
		return fd;
	if (epoll_ctl(publisher->options.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(err, ERR_FATAL, "epoll", "the producer's descriptor cannot be watched");
	return 0;
}

static int open_producer(struct raw_publisher *publisher, const struct kafka_producer_options *options,
			 void (*reported)(void *self, const struct kafka_report *report), struct kafka_producer **ret,
			 struct err *err)
{
	int rc = kafka_producer_open(&publisher->options.kafka, options, reported, publisher, ret, err);

	if (rc != 0)
		return rc;
	rc = watch_producer(publisher, *ret, err);
	if (rc != 0)
		close_producer(publisher, ret);
	return rc;
}

/* ---- reports ---- */

static void take_last_report(void *self, const struct kafka_report *last)
{
	report(self, last);
}

static int open_alone(struct raw_publisher *publisher, struct err *err)
{
	struct kafka_producer_options options = publisher->options.producer;

	if (publisher->alone)
		return 0;
	options.batch_messages_max = 1;
	options.linger_ms = 0;
	return open_producer(publisher, &options, take_last_report, &publisher->alone, err);
}

static bool send_alone(struct raw_publisher *publisher, const struct kafka_report *refused)
{
	struct err err = { 0 };
	int rc = open_alone(publisher, &err);

	if (rc == 0)
		rc = kafka_producer_produce_again(publisher->alone, publisher->options.topic, refused, &err);
	if (rc != 0)
		log_event(LOG_WARN, "message.shared", "code=%s why=%s effect=%s", LOG_QUOTED(err.code),
			  LOG_QUOTED(err.text), LOG_QUOTED("what its request was told stands for this message"));
	return rc == 0;
}

static void take_report(void *self, const struct kafka_report *first)
{
	struct raw_publisher *publisher = self;
	bool may_be_anothers = kafka_refusal_is_shared(first->error, first->code) && !publisher->is_closing &&
			       !kafka_producer_is_dead(publisher->producer);

	if (!may_be_anothers || !send_alone(publisher, first))
		report(publisher, first);
}

/* ---- life ---- */

static int open_first(struct raw_publisher *publisher, struct err *err)
{
	return open_producer(publisher, &publisher->options.producer, take_report, &publisher->producer, err);
}

static void close_both(struct raw_publisher *publisher)
{
	publisher->is_closing = true;
	close_producer(publisher, &publisher->producer);
	close_producer(publisher, &publisher->alone);
	publisher->is_closing = false;
}

int raw_publisher_open(struct raw_publisher *publisher, const struct raw_publisher_options *options, struct err *err)
{
	*publisher = (struct raw_publisher){ .options = *options };
	return open_first(publisher, err);
}

void raw_publisher_close(struct raw_publisher *publisher)
{
	close_both(publisher);
}

void raw_publisher_pin(struct raw_publisher *publisher, int32_t partitions)
{
	if (publisher->partitions > 0 && publisher->partitions != partitions)
		log_event(LOG_ERROR, "partitions.added", "topic=%s kafka=%d register=%d why=%s effect=%s",
			  publisher->options.topic, publisher->partitions, partitions,
			  LOG_QUOTED("Kafka's number was believed while the register was away"),
			  LOG_QUOTED("deliveries since the start went to other partitions: RUNBOOK.md, "
				     "Partitions were added"));
	publisher->partitions = partitions;
	publisher->is_pinned = true;
}

int raw_publisher_put(struct raw_publisher *publisher, const struct raw_message *message, void *token, struct err *err)
{
	if (!publisher->producer)
		return err_set(err, ERR_RETRY, "producer", "there is no producer now");
	int rc = 0;

	if (publisher->partitions == 0)
		rc = kafka_producer_partitions(publisher->producer, publisher->options.topic, &publisher->partitions,
					       err);
	if (rc == 0)
		rc = kafka_producer_produce(publisher->producer, publisher->options.topic,
					    partitioning_of_key(message->key, publisher->partitions), message->key,
					    message->value, message->headers.items, message->headers.count, token, err);

	publisher->in_flight += rc == 0;
	return rc;
}

void raw_publisher_poll(struct raw_publisher *publisher)
{
	if (publisher->producer)
		kafka_producer_poll(publisher->producer, 0);
	if (publisher->alone)
		kafka_producer_poll(publisher->alone, 0);
}

static bool is_dead(const struct raw_publisher *publisher)
{
	return (publisher->producer && kafka_producer_is_dead(publisher->producer)) ||
	       (publisher->alone && kafka_producer_is_dead(publisher->alone));
}

void raw_publisher_renew(struct raw_publisher *publisher)
{
	struct err err = { 0 };

	if (publisher->producer && !is_dead(publisher))
		return;
	if (publisher->producer)
		log_event(LOG_WARN, "kafka.producer", "effect=\"open deliveries get 503 and a new producer is made\"");
	close_both(publisher);
	if (open_first(publisher, &err) != 0)
		log_event(LOG_ERROR, "kafka.producer", "code=%s why=%s", LOG_QUOTED(err.code), LOG_QUOTED(err.text));
}

bool raw_publisher_is_up(const struct raw_publisher *publisher)
{
	return publisher->producer && !kafka_producer_is_dead(publisher->producer);
}

bool raw_publisher_installation(const struct raw_publisher *publisher, char ret[INSTALLATION_BYTES])
{
	char cluster[128], text[512];
	uint8_t sha256[32];

	if (!publisher->producer || !kafka_producer_cluster_id(publisher->producer, cluster, sizeof cluster))
		return false;
	snprintf(text, sizeof text, "%s\n%s", cluster, publisher->options.topic);
	sha256_of(slice_of(text), sha256);
	num_to_hex(sha256, (INSTALLATION_BYTES - 1) / 2, ret);
	ret[INSTALLATION_BYTES - 1] = '\0';
	return true;
}
