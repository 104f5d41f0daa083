// NOR flash on a 32-bit bus: two 16-bit CFI chips side by side (cfi_chip.h), as on QEMU's `virt` machine, so sectors of
// 256 KiB. Backed by an image file that is read once, when the card is built. Bytes behind the image are erased: 0xff.
// Whether the image is any good is the firmware's to check: a short one is no error here.
//
// What software changes stays in memory, and goes to a file only by save(), if the configuration names one.
//
// Reads may go by DMI while both chips read their array. DMI is withdrawn when a command ends that, and once more when
// array reads are back, for those who remember that they were refused.
#pragma once

#include <string>
#include <vector>

#include "models/base/bus_target.h"
#include "models/memory/cfi_chip.h"
#include "models/memory/nor_array.h"

namespace cardvp::memory {

enum class FlashWrites : std::uint8_t {
  kRefused,    // bus errors: the chips' write enable is not connected
  kProtected,  // commands, but programming and erasing end with the status of a locked block
  kAllowed,
};

struct FlashConfig {
  std::uint64_t size = 0;  // bytes; unless writes are refused, a power of two and at least a sector
  std::string image{};     // file; empty: everything is erased
  FlashWrites writes = FlashWrites::kRefused;
  std::string save_to{};  // file; may be the image. Empty: changes are lost
};

class Flash : public BusTarget {
 public:
  static constexpr std::uint64_t kSectorSize = 2 * CfiChip::kLanes * CfiChip::kBlockWords;  // bytes

  // Throws std::runtime_error, with path and remedy, if the image cannot be read or is larger than the flash, and
  // std::invalid_argument for a size that it cannot have.
  Flash(sc_core::sc_module_name name, Sim& sim, const FlashConfig& config);
  // With this image, which is no larger than the flash, in place of a file's.
  Flash(sc_core::sc_module_name name, Sim& sim, const FlashConfig& config, const std::vector<std::byte>& image);
  // One that the bus cannot write.
  Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& image)
      : Flash(name, sim, FlashConfig{.size = size, .image = image}) {}

  std::uint64_t size() const { return config_.size; }
  // What the cells hold, whatever state the chips are in, without simulated time; within size().
  void contents(std::uint64_t offset, std::span<std::byte> to) const { array_.read(offset, to); }

  // Writes the contents, up to the last byte that is not erased, to the configured file; nothing if there is none, or
  // nothing was changed. Throws std::runtime_error, with path and remedy.
  void save() const;

  // Card reset: reads the array. The contents stay.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  bool direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;
  void read(const BusAccess& access) const;
  void write(const BusAccess& access);
  bool reads_array() const;
  void withdraw_direct_memory();

  FlashConfig config_;
  NorArray array_;
  std::vector<CfiChip> chips_;  // by lane; none if writes are refused
  Counter& refused_writes_;
};

}  // namespace cardvp::memory
