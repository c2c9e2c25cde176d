/* librdkafka has a thread for each broker it hears of, and asserts that the system gives it. Where a limit (TasksMax of
 * a unit, pids of a container, ulimit -u or -v) is near, that ends the process in mid-work, or leaves it waiting for
 * ever for a thread that is not there. So the threads of a client are tried before it is made: all at once, as they
 * have to exist at once. */
#include "kafka/kafka_internal.h"

#include <pthread.h>

/* Its own, those of the names in kafka.brokers, of the group, of half a dozen brokers. */
enum { THREADS_OF_A_CLIENT = 16 };

static void *wait_to_end(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

int kafka_require_threads(struct err *err)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[THREADS_OF_A_CLIENT];
	int count = 0;

	pthread_mutex_lock(&lock);
	while (count < THREADS_OF_A_CLIENT && pthread_create(&threads[count], NULL, wait_to_end, &lock) == 0)
		count++;
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (count == THREADS_OF_A_CLIENT)
		return 0;
	return err_set(err, ERR_FATAL, "threads",
		       "the system gives us %d more threads, and a client of Kafka needs %d: see TasksMax of the unit, "
		       "pids of the container, ulimit -u and -v",
		       count, THREADS_OF_A_CLIENT);
}
