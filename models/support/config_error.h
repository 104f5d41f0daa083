// A configuration that cannot be: found before the simulation starts, and told with the JSON pointer of the culprit.
#pragma once

#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace cardvp {

class ConfigError : public std::runtime_error {
 public:
  // `pointer` as in RFC 6901, "/card/volumes/0/name"; empty for the document itself.
  ConfigError(std::string pointer, const std::string& expected, const std::string& got)
      : std::runtime_error(
            fmt::format("{}: expected {}, got {}", pointer.empty() ? "the document" : pointer, expected, got)),
        pointer_(std::move(pointer)) {}
  // In words of its own.
  ConfigError(std::string pointer, const std::string& problem)
      : std::runtime_error(fmt::format("{}: {}", pointer, problem)), pointer_(std::move(pointer)) {}

  const std::string& pointer() const { return pointer_; }

 private:
  std::string pointer_;
};

}  // namespace cardvp
