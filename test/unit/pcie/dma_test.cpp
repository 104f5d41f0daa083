#include "test/unit/pcie/harness.h"
