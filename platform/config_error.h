// The platform's name for it.
#pragma once

#include "models/support/config_error.h"

namespace cardvp::platform {
using cardvp::ConfigError;
}
