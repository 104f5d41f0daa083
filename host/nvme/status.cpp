#include "host/nvme/status.h"

#include <string_view>

#include <fmt/format.h>

namespace cardvp::host::nvme {

namespace {

// Figures 126 to 128 of NVMe 1.4, by SCT and SC.
std::string_view device_text(unsigned type, unsigned code) {
  switch (type << 8 | code) {
    case 0x000: return "Successful Completion";
    case 0x001: return "Invalid Command Opcode";
    case 0x002: return "Invalid Field in Command";
    case 0x003: return "Command ID Conflict";
    case 0x004: return "Data Transfer Error";
    case 0x005: return "Commands Aborted due to Power Loss Notification";
    case 0x006: return "Internal Error";
    case 0x007: return "Command Abort Requested";
    case 0x008: return "Command Aborted due to SQ Deletion";
    case 0x00b: return "Invalid Namespace or Format";
    case 0x00c: return "Command Sequence Error";
    case 0x013: return "PRP Offset Invalid";
    case 0x080: return "LBA Out of Range";
    case 0x081: return "Capacity Exceeded";
    case 0x082: return "Namespace Not Ready";
    case 0x100: return "Completion Queue Invalid";
    case 0x101: return "Invalid Queue Identifier";
    case 0x102: return "Invalid Queue Size";
    case 0x103: return "Abort Command Limit Exceeded";
    case 0x105: return "Asynchronous Event Request Limit Exceeded";
    case 0x106: return "Invalid Firmware Slot";
    case 0x107: return "Invalid Firmware Image";
    case 0x108: return "Invalid Interrupt Vector";
    case 0x109: return "Invalid Log Page";
    case 0x10b: return "Firmware Activation Requires Conventional Reset";
    case 0x10c: return "Invalid Queue Deletion";
    case 0x10d: return "Feature Identifier Not Saveable";
    case 0x10e: return "Feature Not Changeable";
    case 0x110: return "Firmware Activation Requires NVM Subsystem Reset";
    case 0x111: return "Firmware Activation Requires Controller Level Reset";
    case 0x112: return "Firmware Activation Requires Maximum Time Violation";
    case 0x113: return "Firmware Activation Prohibited";
    case 0x114: return "Overlapping Range";
    case 0x182: return "Attempted Write to Read Only Range";
    case 0x280: return "Write Fault";
    case 0x281: return "Unrecovered Read Error";
    case 0x286: return "Access Denied";
    default: return "status";
  }
}

}  // namespace

std::string Status::text() const {
  if (*this == kTimeout) return "no completion within the driver's timeout";
  if (*this == kControllerLost) return "controller lost";
  if (*this == kAborted) return "aborted by a reset of the driver";
  if (*this == kNotStarted) return "the driver is not running";
  if (*this == kInvalid) return "not a command the driver can make";
  return fmt::format("{} (SCT {}, SC 0x{:02x})", device_text(type(), code()), type(), code());
}

}  // namespace cardvp::host::nvme
