// Reads values out of a JSON object that has passed its schema: what is there replaces the default, what is not does
// not. Keeps the JSON pointer, for the errors that a schema cannot find.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "platform/config_error.h"

namespace cardvp::platform {

class JsonReader {
 public:
  explicit JsonReader(const nlohmann::json& node, std::string pointer = {})
      : node_(node), pointer_(std::move(pointer)) {}

  bool has(const char* key) const { return node_.contains(key); }
  // This itself, if it is a string.
  std::string text() const { return node_.get<std::string>(); }
  const std::string& pointer() const { return pointer_; }

  template <class T>
  void read(const char* key, T& value) const {
    if (has(key)) value = node_.at(key).get<T>();
  }
  // A number of `unit`s: MiB, pJ, 10^6 bytes per second.
  template <class T>
  void read_scaled(const char* key, T& value, T unit) const {
    if (has(key)) value = node_.at(key).get<T>() * unit;
  }
  void read_time(const char* key, sc_core::sc_time& value, sc_core::sc_time_unit unit) const {
    if (has(key)) value = sc_core::sc_time(node_.at(key).get<double>(), unit);
  }
  // One of the schema's enumeration, in the order of `Enum`'s values.
  template <class Enum>
  void read_enum(const char* key, Enum& value, std::initializer_list<const char*> names) const {
    if (!has(key)) return;
    int index = 0;
    for (const char* name : names) {
      if (node_.at(key) == name) value = static_cast<Enum>(index);
      ++index;
    }
  }

  // A string that T::parse() takes: an address, a prefix.
  template <class T>
  void read_parsed(const char* key, T& value, const char* expected) const {
    if (!has(key)) return;
    const std::optional<T> parsed = T::parse(node_.at(key).get<std::string>());
    if (!parsed) fail(key, expected);
    value = *parsed;
  }

  // An object within; where there is none, an empty one.
  JsonReader object(const char* key) const {
    static const nlohmann::json kEmpty = nlohmann::json::object();
    return JsonReader(has(key) ? node_.at(key) : kEmpty, pointer_ + "/" + key);
  }
  template <class Function>
  void for_each(const char* key, Function&& function) const {
    if (!has(key)) return;
    for (std::size_t i = 0; i < node_.at(key).size(); ++i)
      function(JsonReader(node_.at(key)[i], fmt::format("{}/{}/{}", pointer_, key, i)));
  }

  // The value at `key` (where it is missing: at this object) is not what it must be.
  [[noreturn]] void fail(const char* key, const std::string& expected) const {
    if (has(key)) throw ConfigError(pointer_ + "/" + key, expected, node_.at(key).dump());
    throw ConfigError(pointer_ + "/" + key, expected, "nothing");
  }
  // This itself is not what it must be.
  [[noreturn]] void fail(const std::string& expected) const { throw ConfigError(pointer_, expected, node_.dump()); }

 private:
  const nlohmann::json& node_;
  std::string pointer_;
};

}  // namespace cardvp::platform
