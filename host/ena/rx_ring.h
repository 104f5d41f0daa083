// A receive ring and its completion ring, with the buffers that the device fills.
#pragma once

#include <optional>
#include <vector>

#include "host/ena/packet.h"
#include "host/ena/spec.h"
#include "host/memory.h"
#include "host/pci_function.h"

namespace cardvp::host::ena {

struct RxRingConfig {
  unsigned entries = 0;
  unsigned buffer_bytes = 0;
  unsigned buffers = 0;  // of a packet, at most
  bool checksums = true;
  bool check_reserved = false;
};

class RxRing {
 public:
  RxRing(const PciFunction& function, const RxRingConfig& config);

  std::uint64_t ring_address() const { return ring_.address(); }
  std::uint64_t completion_address() const { return completions_.address(); }
  void attach(std::uint32_t doorbell) { doorbell_ = doorbell; }

  // Gives the device all buffers that it has not, if they are `at_least` so many.
  void refill(unsigned at_least = 1);
  bool completion_waits() const;

  // The next packet. Its bytes stay where they are until release().
  struct Next {
    bool found = false;
    RxPacket packet{};
    std::optional<ResetReason> fault{};
  };
  Next next();
  // The packet's buffers are free again.
  void release();

 private:
  bool accept(const RxCompletion& completion, Next& next);
  void report_checksums(std::uint32_t status, RxPacket& packet) const;
  std::span<const std::byte> bytes_of(const RxCompletion& completion) const;

  const PciFunction& function_;
  RxRingConfig config_;
  Buffer ring_;
  Buffer completions_;
  Buffer buffers_;
  std::uint64_t doorbell_ = 0;
  std::vector<bool> posted_;         // by buffer
  std::vector<std::uint16_t> free_;  // buffers that the device has not
  std::vector<std::uint16_t> packet_buffers_;
  std::vector<std::byte> joined_;
  std::uint16_t tail_ = 0, head_ = 0;  // free-running; head_: of completions
};

}  // namespace cardvp::host::ena
