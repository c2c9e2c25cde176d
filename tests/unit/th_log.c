/* log: lines of several threads stay whole, each thread's in its order. */
#include "base/log.h"
#include "th.h"

#include <string.h>
#include <unistd.h>

enum { THREADS = 4, LINES = 2000 };

static void *write_lines(void *self)
{
	int thread = *(const int *)self;

	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "th.line", "thread=%d number=%d why=%s", thread, i,
			  LOG_QUOTED("a text that is long enough to be cut in two when lines are not written at once"));
	return NULL;
}

static void read_lines(FILE *lines)
{
	int next[THREADS] = { 0 };
	char line[4096];

	for (int i = 0; i < THREADS * LINES; i++) {
		int thread, number, end = 0;

		TH_EXPECT(fgets(line, sizeof line, lines));
		TH_EXPECT(sscanf(line, "level=info worker=th/1 event=th.line thread=%d number=%d why=\"a text %n",
				 &thread, &number, &end) == 2);
		TH_EXPECT(end > 0 && strstr(line + end, " at once\"\n"));
		TH_EXPECT(thread >= 0 && thread < THREADS && number == next[thread]);
		next[thread]++;
	}
}

int main(void)
{
	int numbers[THREADS], ends[2], kept = dup(STDERR_FILENO);
	pthread_t threads[THREADS];

	log_init("th/1", LOG_INFO);
	TH_EXPECT(kept >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		TH_EXPECT(pthread_create(&threads[i], NULL, write_lines, &numbers[i]) == 0);
	}
	FILE *lines = fdopen(ends[0], "r");

	TH_EXPECT(lines);
	read_lines(lines);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	TH_EXPECT(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
	fclose(lines);
	close(ends[1]);
	close(kept);
	return EXIT_SUCCESS;
}
