#include "gateway/raw_publisher.h"

#include "base/log.h"
#include "base/num.h"
#include "model/teacher_key.h"

#include <sys/epoll.h>

static void take_report(void *self, const struct kafka_report *report)
{
	struct raw_publisher *publisher = self;

	publisher->in_flight--;
	publisher->options.reported(publisher->options.self, report);
}

static void close_producer(struct raw_publisher *publisher)
{
	if (!publisher->producer)
		return;
	if (publisher->event_fd >= 0)
		epoll_ctl(publisher->options.epoll_fd, EPOLL_CTL_DEL, publisher->event_fd, NULL);
	kafka_producer_close(publisher->producer);
	publisher->producer = NULL;
}

static int watch_producer(struct raw_publisher *publisher, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	publisher->event_fd = kafka_producer_event_fd(publisher->producer, err);
	if (publisher->event_fd < 0)
		return publisher->event_fd;
	if (epoll_ctl(publisher->options.epoll_fd, EPOLL_CTL_ADD, publisher->event_fd, &event) != 0)
		return err_set(err, ERR_FATAL, "epoll", "the producer's descriptor cannot be watched");
	return 0;
}

static int open_producer(struct raw_publisher *publisher, struct err *err)
{
	const struct raw_publisher_options *options = &publisher->options;
	int rc = kafka_producer_open(&options->kafka, &options->producer, take_report, publisher, &publisher->producer,
				     err);

	if (rc != 0)
		return rc;
	rc = watch_producer(publisher, err);
	if (rc != 0)
		close_producer(publisher);
	return rc;
}

int raw_publisher_open(struct raw_publisher *publisher, const struct raw_publisher_options *options, struct err *err)
{
	*publisher = (struct raw_publisher){ .options = *options, .event_fd = -1 };
	return open_producer(publisher, err);
}

void raw_publisher_close(struct raw_publisher *publisher)
{
	close_producer(publisher);
}

int raw_publisher_put(struct raw_publisher *publisher, const struct raw_message *message, void *token, struct err *err)
{
	if (!publisher->producer)
		return err_set(err, ERR_RETRY, "producer", "there is no producer now");
	int rc = kafka_producer_produce(publisher->producer, publisher->options.topic, KAFKA_ANY_PARTITION,
					message->key, message->value, message->headers.items, message->headers.count,
					token, err);

	publisher->in_flight += rc == 0;
	return rc;
}

void raw_publisher_poll(struct raw_publisher *publisher)
{
	if (publisher->producer)
		kafka_producer_poll(publisher->producer, 0);
}

void raw_publisher_renew(struct raw_publisher *publisher)
{
	struct err err = { 0 };

	if (publisher->producer && !kafka_producer_is_dead(publisher->producer))
		return;
	if (publisher->producer)
		log_event(LOG_WARN, "kafka.producer", "effect=\"open deliveries get 503 and a new producer is made\"");
	close_producer(publisher);
	if (open_producer(publisher, &err) != 0)
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
