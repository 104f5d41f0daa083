// Reads the files of test vectors in python3-cryptography-vectors: "name = value" lines, a blank line between cases,
// "[name = value]" for what holds from there on.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "test/unit/security/machine.h"

namespace cardvp::security {

struct VectorCase {
  std::map<std::string, std::string> section;  // by name; "[ENCRYPT]" is "ENCRYPT" with an empty value
  std::map<std::string, std::string> fields;   // "FAIL" alone on a line has an empty value

  bool has(const std::string& name) const { return fields.contains(name); }
  // Throws std::runtime_error, with the name, if there is none.
  const std::string& text(const std::string& name) const;
  Bytes bytes(const std::string& name) const { return from_hex(text(name)); }
  std::size_t number(const std::string& name) const { return std::stoul(text(name)); }
};

// by_count: a case begins at "COUNT", and blank lines mean nothing. `file`: below the package's folder. Throws
// std::runtime_error if it is missing or has no case.
std::vector<VectorCase> read_vectors(const std::filesystem::path& file, bool by_count = false);

}  // namespace cardvp::security
