// A block as the builder resolved it: what a plug-in carries as its description, for whoever puts the block to use.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cardvp::rtl {

struct ClockDescription {
  std::string port;
  std::uint64_t period_ps = 10'000;
};

struct ResetDescription {
  std::string port;
  bool active_low = false;
  unsigned cycles = 16;  // of `clock`, for which it is active
  std::string clock;
};

enum class InterfaceKind : std::uint8_t { kAxiLite, kAxi4, kAxiStream, kApb, kRegisterPort };
// The block's: a target answers, a master asks; a stream's source sends, its sink receives.
enum class InterfaceRole : std::uint8_t { kTarget, kMaster, kSource, kSink };

std::string_view to_string(InterfaceKind kind);  // as in the block description: "axi_lite"
std::string_view to_string(InterfaceRole role);
// Throw std::invalid_argument.
InterfaceKind kind_from(const std::string& text);
InterfaceRole role_from(const std::string& text);

struct InterfaceDescription {
  std::string name;  // unique within the block
  InterfaceKind kind = InterfaceKind::kAxiLite;
  InterfaceRole role = InterfaceRole::kTarget;
  std::string clock;
  std::map<std::string, std::string> signals;  // "awaddr" -> port; signals that the block does not have are not there

  // The port of a signal; empty if the block does not have it.
  std::string port(const std::string& signal) const {
    const auto found = signals.find(signal);
    return found == signals.end() ? std::string() : found->second;
  }
};

struct BlockDescription {
  std::string name;
  std::string top;
  std::vector<ClockDescription> clocks;  // at least one; the first is that of whatever names none
  std::vector<ResetDescription> resets;
  std::vector<InterfaceDescription> interfaces;
  std::vector<std::string> interrupts;  // ports; level-sensitive, active high
  std::uint64_t address_size = 0;       // bytes of the card's bus that the block's target interface takes; 0: none

  const InterfaceDescription* interface(std::string_view interface_name) const {
    for (const InterfaceDescription& candidate : interfaces)
      if (candidate.name == interface_name) return &candidate;
    return nullptr;
  }
};

// The JSON text that the builder put into the plug-in, and back. Throws std::exception's if it is not of that form.
std::string to_text(const BlockDescription& description);
BlockDescription description_from_text(std::string_view text);

}  // namespace cardvp::rtl
