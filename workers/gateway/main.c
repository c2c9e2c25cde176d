/* instroom-gateway: takes uploads, checks the file, publishes one message per delivery. */
#include "gateway/gateway_main.h"

int main(int argc, char **argv)
{
	return gateway_main(argc, argv);
}
