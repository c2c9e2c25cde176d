/* checkpoint_store: the folder of checkpoints (checkpoint.dir), which is ours alone: mode 0700, its files 0600.
 *
 * A checkpoint is of one partition. Its two files are named by partition and number, which rises by one:
 *
 *   0003-0000000012.state      sealed frames, one per board: they hold personal data
 *   0003-0000000012.manifest   what it is, signed (checkpoint_manifest.h): no personal data
 *
 * How one is made:
 *   1. The folder's lock is taken; what a process that was killed left is removed.
 *   2. Frames go to the state's file under a name of its own, board by board: no more than one is in memory.
 *   3. The state is synced and gets its name; then the manifest likewise, then the folder is synced.
 * A checkpoint is there when its manifest is. Killed before, it never was; the one before it stays the newest. */
#ifndef CTL_CHECKPOINT_STORE_H
#define CTL_CHECKPOINT_STORE_H

#include "ctl/checkpoint/checkpoint_manifest.h"

enum { CHECKPOINT_PATH_BYTES = 4096 };

/* Makes the folder when it is missing. *ret_lock: to be closed. ERR_CONFIG: it is no folder, or others may use it.
 * ERR_RETRY: another process has the lock. */
MUSTUSE int checkpoint_store_lock(const char *dir, int *ret_lock, struct err *err);

/* ---- what is there ---- */

struct checkpoint_place {
	int32_t partition;
	int64_t number;
};

enum checkpoint_part { CHECKPOINT_STATE, CHECKPOINT_MANIFEST };
/* Its file; is_new: under the name that it has while it is written. */
void checkpoint_path(const char *dir, const struct checkpoint_place *place, enum checkpoint_part part, bool is_new,
		     char ret[CHECKPOINT_PATH_BYTES]);
/* "checkpoint 12 of partition 3: " in front of an error; returns rc. */
int checkpoint_name_error(const struct checkpoint_place *place, int rc, struct err *err);

/* All manifests by name, by partition, the newest of each first. A folder that does not exist has none. *ret: free it.
 * partition -1: of all. ERR_CONFIG: it cannot be read. */
MUSTUSE int checkpoint_store_list(const char *dir, int32_t partition, struct checkpoint_place **ret, size_t *ret_count,
				  struct err *err);
/* As checkpoint_manifest_read; ERR_DATA too: it is not the one that its name says. */
MUSTUSE int checkpoint_store_read(const char *dir, const struct checkpoint_place *place,
				  const struct checkpoint_keys *keys, struct checkpoint_manifest *ret, struct err *err);
/* Removes all but the newest keep of each partition. The lock is the caller's. */
MUSTUSE int checkpoint_store_prune(const char *dir, int64_t keep, int64_t *ret_removed, struct err *err);

/* A new file of root, by hand: it goes to the owner of the folder, whose timer has to read it. false: errno. */
MUSTUSE bool checkpoint_give_file(const char *dir, int fd);

#endif
