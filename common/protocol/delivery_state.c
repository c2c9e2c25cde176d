#include "protocol/delivery_state.h"

#include "base/macros.h"

#include <stddef.h>

const char *delivery_state_name(enum delivery_state state)
{
	static const char *const NAMES[] = { "", "verwerkt", "wacht_op_bevestiging", "ontvangen", "geweigerd" };

	return (size_t)state < ARRAY_LEN(NAMES) ? NAMES[state] : "";
}
