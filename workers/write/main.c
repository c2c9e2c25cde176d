/* instroom-write: applies verdicts to the register. */
#include "write/write.h"

int main(int argc, char **argv)
{
	return write_main(argc, argv);
}
