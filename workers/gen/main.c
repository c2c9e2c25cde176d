/* instroom-gen: synthetic deliveries. */
#include "gen/gen_main.h"

int main(int argc, char **argv)
{
	return gen_main(argc, argv);
}
