/* register_jobs: questions to PostgreSQL, asked by worker threads, so that the event loop never waits for it.
 *
 *   1. The loop submits a job; from then on it belongs to the threads.
 *   2. A thread asks and writes the answer into the job. One thread serves JOB_KNOWN only, whatever waits in one
 *      question, so that no upload queues behind a long answer; the others serve the rest.
 *      Another one serves JOB_MANDATE_CHANGE: it may wait for Kafka, as it publishes what it changed
 *      (access_publisher.h). Every two seconds it looks whether somebody left a version unpublished, and publishes it.
 *   3. The descriptor becomes readable; the loop takes the answered jobs back.
 *
 * The thread of JOB_KNOWN also asks, at the start and until it is told, how many partitions the raw topic has.
 *
 * Accepting a delivery never depends on the register (design 3). So each question has a time limit of ours, whatever
 * the server does; and after one that could not be asked the register counts as away: no job is accepted, until a trial
 * by the thread of JOB_KNOWN, once a second, succeeds. A question that lacks a right, while others are answered, is
 * JOB_FAILED and no sign of that. */
#ifndef GATEWAY_REGISTER_JOBS_H
#define GATEWAY_REGISTER_JOBS_H

#include "gateway/register_job.h"
#include "kafka/kafka.h"
#include "pg/pg_link.h"

struct register_jobs;

struct register_jobs_options {
	struct pg_options pg; /* statement_ms also bounds our own waits; should_stop is ours */
	const char *raw_topic;
	const struct hmac_key *stand_key; /* of pseudonyms; lives until register_jobs_close */
	struct kafka_options kafka;	  /* where access data are published, */
	const char *access_topic;	  /* in this topic; NULL: they are not */
	const char *compression;
	size_t threads; /* beside the one for JOB_KNOWN and the one for JOB_MANDATE_CHANGE */
	size_t queue_max, body_bytes_max;
};

MUSTUSE int register_jobs_open(const struct register_jobs_options *options, struct register_jobs **ret,
			       struct err *err);
/* Cancels the questions in flight and waits for the threads. Jobs that were not taken back belong to their owners
 * again, unanswered. NULL is fine. A process has one set of threads at a time. */
void register_jobs_close(struct register_jobs *jobs);
int register_jobs_fd(const struct register_jobs *jobs);
/* false: the register is away, or the queue is full; the job stays the caller's. */
MUSTUSE bool register_jobs_submit(struct register_jobs *jobs, struct register_job *job);
/* The answered jobs since the last call, by next; NULL: none. */
struct register_job *register_jobs_take(struct register_jobs *jobs);
bool register_jobs_is_up(const struct register_jobs *jobs);
/* Of the raw topic, as the register has it, which does not change any more. 0: the register was asked, and is away or
 * has none yet; -1: it was not asked yet, which takes seconds at most. */
int32_t register_jobs_partitions(const struct register_jobs *jobs);

#endif
