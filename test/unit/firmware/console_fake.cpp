#include "test/unit/firmware/console_fake.h"

#include <cstdarg>
#include <utility>

#include "firmware/sdk/include/format.h"

namespace cardvp {
namespace {

std::string& firmware_log() {
  static std::string log;
  return log;
}

}  // namespace

std::string take_firmware_log() { return std::exchange(firmware_log(), {}); }

}  // namespace cardvp

extern "C" __attribute__((format(printf, 1, 2))) void print_log_line(const char* text, ...) {
  va_list arguments;
  va_start(arguments, text);
  format([](void*, char c) { cardvp::firmware_log().push_back(c); }, nullptr, text, arguments);
  va_end(arguments);
}
