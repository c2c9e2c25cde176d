/* kafka_transaction BROKERS TOPIC PARTITION COUNT abort|commit|open */
#include "kafka_transaction.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc != 6)
		return 64;
	enum transaction_is end = strcmp(argv[5], "abort") == 0	   ? TRANSACTION_ABORTED
				  : strcmp(argv[5], "commit") == 0 ? TRANSACTION_ENDED
								   : TRANSACTION_LEFT_OPEN;

	return kafka_transaction_write(argv[1], argv[2], (int32_t)strtol(argv[3], NULL, 10),
				       (int)strtol(argv[4], NULL, 10), end)
		       ? 0
		       : 1;
}
