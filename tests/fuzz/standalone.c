/* standalone: replays files and folders of inputs through a fuzz target, without libFuzzer.
 *
 * Each input is given as a block of exactly its size, so that a sanitizer sees a read past its end. A folder without
 * inputs is a fault: a corpus that is not found must not pass for one that was replayed. So is one of which no input
 * gets behind the first check: after a change of a schema every input may be refused at its first bytes. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { PATH_BYTES_MAX = 4096, INPUT_BYTES_MAX = 64 << 20 };

static bool replay_file(const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	if (fstat(fileno(file), &status) != 0 || status.st_size > INPUT_BYTES_MAX) {
		fclose(file);
		return false;
	}
	size_t size = (size_t)status.st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	bool is_read = data && fread(data, 1, size, file) == size;

	fclose(file);
	if (is_read)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return is_read;
}

/* Number of inputs replayed, or -1. */
static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	char file[PATH_BYTES_MAX];
	int count = 0;

	if (!folder)
		return -1;
	for (const struct dirent *entry; count >= 0 && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);

		count = n > 0 && (size_t)n < sizeof file && replay_file(file) ? count + 1 : -1;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat status;
		bool is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
		int count = is_folder ? replay_folder(argv[i]) : replay_file(argv[i]) ? 1 : -1;

		if (count <= 0) {
			fprintf(stderr, "%s: no inputs to replay\n", argv[i]);
			return EXIT_FAILURE;
		}
		if (is_folder && fuzz_deep_count == 0) {
			fprintf(stderr, "%s: none of %d inputs gets behind the first check (FUZZ_DEEP)\n", argv[i],
				count);
			return EXIT_FAILURE;
		}
		printf("%s: %d replayed, behind the first check %zu times\n", argv[i], count, fuzz_deep_count);
	}
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
