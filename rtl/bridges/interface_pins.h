// The pins of one interface of a block, by the protocol's own names of its signals ("awvalid").
#pragma once

#include <map>
#include <string>

#include "rtl/block.h"

namespace cardvp::rtl {

class InterfacePins {
 public:
  InterfacePins(const Block& block, InterfaceDescription description);
  // Pins that are not of a block: of a model of one.
  InterfacePins(InterfaceDescription description, std::map<std::string, Pin> pins)
      : description_(std::move(description)), pins_(std::move(pins)) {}

  // An empty pin if the interface has no such signal.
  Pin operator[](const std::string& signal) const {
    const auto found = pins_.find(signal);
    return found == pins_.end() ? Pin() : found->second;
  }
  // Its port, for people.
  std::string port(const std::string& signal) const;
  const InterfaceDescription& description() const { return description_; }

 private:
  InterfaceDescription description_;
  std::map<std::string, Pin> pins_;
};

// A signal that may be missing: driven, or what it is worth if it is not there.
inline void set_if(Pin& pin, std::uint64_t value) {
  if (pin) pin.set(value);
}
inline std::uint64_t get_or(const Pin& pin, std::uint64_t otherwise) { return pin ? pin.get() : otherwise; }

// The widest data of any bridge, bytes.
inline constexpr unsigned kMaxDataBytes = 128;

// Throws std::invalid_argument, with the interface's name, if the data pin is not of 1 .. 128 whole bytes, a power of
// two of them; returns them.
unsigned data_bytes(const InterfacePins& pins, const std::string& signal);

}  // namespace cardvp::rtl
