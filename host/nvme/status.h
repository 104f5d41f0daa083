// How an NVMe command ended: the status field of its completion (NVMe 1.4, 4.6.1), or the driver's own reason why there
// was none.
#pragma once

#include <cstdint>
#include <string>

namespace cardvp::host::nvme {

class Status {
 public:
  // `field`: bits 31:17 of completion dword 3: SC in 7:0, SCT in 10:8, CRD in 12:11, M in 13, DNR in 14.
  constexpr Status(std::uint16_t field = 0) : field_(field) {}

  // The driver's own. The device cannot send these: its field has 15 bits.
  static constexpr std::uint16_t kDriver = 0x8000;
  static const Status kTimeout;         // no completion within DriverConfig::command_timeout
  static const Status kControllerLost;  // fatal status, or the link went down
  static const Status kAborted;         // the driver was reset or stopped with the command in flight
  static const Status kNotStarted;      // the driver is not running
  static const Status kInvalid;         // the driver cannot make a command of it: queue, size or alignment

  constexpr bool ok() const { return outcome() == 0; }
  constexpr bool from_device() const { return !(field_ & kDriver); }
  constexpr std::uint16_t field() const { return field_; }
  // The field without what does not change the outcome: CRD, More and Do Not Retry.
  constexpr std::uint16_t outcome() const { return field_ & (kDriver | 0x7ff); }
  constexpr unsigned code() const { return field_ & 0xff; }         // SC
  constexpr unsigned type() const { return field_ >> 8 & 7; }       // SCT
  constexpr bool do_not_retry() const { return field_ >> 14 & 1; }  // DNR
  // "LBA Out of Range (SCT 0, SC 0x80)"
  std::string text() const;
  // Whether it is called so: the text above, with its numbers or without.
  bool named(const std::string& name) const { return text() == name || text().starts_with(name + " (SCT "); }

  // Same outcome.
  constexpr bool operator==(const Status& other) const { return outcome() == other.outcome(); }

 private:
  std::uint16_t field_;
};

inline constexpr Status Status::kTimeout{kDriver | 1};
inline constexpr Status Status::kControllerLost{kDriver | 2};
inline constexpr Status Status::kAborted{kDriver | 3};
inline constexpr Status Status::kNotStarted{kDriver | 4};
inline constexpr Status Status::kInvalid{kDriver | 5};

struct Completion {
  std::uint32_t dw0 = 0;  // command-specific result
  Status status{};
};

}  // namespace cardvp::host::nvme
