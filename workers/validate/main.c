/* instroom-validate: judges deliveries. */
#include "validate/validator.h"

int main(int argc, char **argv)
{
	return validator_main(argc, argv);
}
