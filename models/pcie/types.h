// Words that both sides of a PCIe link use. Sections are of the PCI Express Base Specification 4.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/base/dma.h"

namespace cardvp::pcie {

// Bus, device, function in 16 bits (2.2.6.2). With ARI's 8-bit function number: bus << 8 | function.
using RequesterId = std::uint16_t;

// Completion status (2.2.9). kLinkDown is not on the wire: nobody answered.
enum class Completion : std::uint8_t { kSuccess = 0, kUnsupportedRequest = 1, kCompleterAbort = 4, kLinkDown = 0xff };

// The answer to a read by the host. A host that ignores `status` sees all ones, as real ones do.
struct ReadResult {
  Completion status;
  std::uint64_t value;
};

// What the host side of a link provides: everything that the card's memory requests reach.
class HostPort {
 public:
  virtual ~HostPort() = default;

  // Host memory at a device's address, after address translation, if it can be touched directly now; else null. Valid
  // until the caller gives up control. Interrupt addresses are never direct.
  virtual std::byte* direct(RequesterId requester, std::uint64_t address, std::size_t size, bool write) = 0;

  // A posted write that arrived, memory or MSI message. It has no answer: what cannot be written is dropped and counted
  // by the host.
  virtual void write(RequesterId requester, std::uint64_t address, std::span<const std::byte> data) = 0;

  // A read that is not wholly direct. The host fills read.buffer() from read.segments() and calls complete(), now or
  // later; after abandon() it does neither.
  virtual void read(RequesterId requester, DmaRead& read) = 0;
  virtual void abandon(DmaRead& read) = 0;

  virtual void link_changed(bool up) = 0;

  // A function came or went while the link was up: the hot-plug message of its port (6.7.3). Each function of the card
  // counts as a device in a slot of its own.
  virtual void presence_changed(std::uint8_t /*function*/, bool /*present*/) {}
};

// What the card side of a link provides. All happen at the time of the call; the link has added its delays.
class DevicePort {
 public:
  virtual ~DevicePort() = default;

  // `function`: the 8-bit function number; `bus`: the number that the device captures for its requester ids (2.2.6.2).
  // Offsets and sizes (1, 2, 4) as in a configuration request: within one dword.
  virtual ReadResult config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) = 0;
  virtual Completion config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                                  std::uint32_t value) = 0;
  // 1 to 8 bytes, naturally aligned.
  virtual ReadResult memory_read(std::uint64_t address, unsigned size) = 0;
  // Posted, up to 64 bytes, not across a 64-byte boundary; a write that nobody claims is dropped and counted.
  virtual void memory_write(std::uint64_t address, std::span<const std::byte> data) = 0;
  // Link down, or a hot reset: every function returns to its initial state.
  virtual void link_reset() = 0;
};

}  // namespace cardvp::pcie
