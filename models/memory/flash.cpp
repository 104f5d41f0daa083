#include "models/memory/flash.h"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "models/memory/image.h"

namespace cardvp::memory {
namespace {

constexpr std::uint64_t kMostSectors = 1 << 16;  // what the query can say

const FlashConfig& checked(const FlashConfig& config) {
  const bool fits = std::has_single_bit(config.size) && config.size >= Flash::kSectorSize &&
                    config.size <= kMostSectors * Flash::kSectorSize;
  if (config.writes != FlashWrites::kRefused && !fits)
    throw std::invalid_argument(fmt::format("a flash has {:#x} times a power of two bytes, at most {:#x}, not {:#x}",
                                            Flash::kSectorSize, kMostSectors * Flash::kSectorSize, config.size));
  return config;
}

std::vector<std::byte> image_of(const FlashConfig& config) {
  return config.image.empty() ? std::vector<std::byte>() : read_image(config.image, config.size, "flash image");
}

}  // namespace

Flash::Flash(sc_core::sc_module_name name, Sim& sim, const FlashConfig& config)
    : Flash(name, sim, config, image_of(config)) {}

Flash::Flash(sc_core::sc_module_name name, Sim& sim, const FlashConfig& config, const std::vector<std::byte>& image)
    : BusTarget(name, sim),
      config_(checked(config)),
      array_(config.size, image),
      refused_writes_(counter("refused_writes", "accesses")) {
  if (config.writes == FlashWrites::kRefused) return;
  for (unsigned lane = 0; lane < CfiChip::kLanes; ++lane)
    chips_.emplace_back(array_, lane, config.writes == FlashWrites::kProtected);
}

void Flash::reset() {
  const bool before = reads_array();
  for (CfiChip& chip : chips_) chip.reset();
  if (!before) withdraw_direct_memory();
}

bool Flash::reads_array() const {
  return std::ranges::all_of(chips_, [](const CfiChip& chip) { return chip.reads_array(); });
}

void Flash::withdraw_direct_memory() { socket->invalidate_direct_mem_ptr(0, config_.size - 1); }

bool Flash::access(const BusAccess& access) {
  if (access.offset > config_.size || access.size > config_.size - access.offset) return false;
  if (!access.write) {
    read(access);
    return true;
  }
  // A debugger's write would be a command in the middle of the guest's.
  if (chips_.empty() || access.debug) {
    refused_writes_.add();
    return false;
  }
  if (!std::has_single_bit(access.size) || access.size > 8 || access.offset % access.size != 0) return false;
  const bool before = reads_array();
  write(access);
  if (reads_array() != before) withdraw_direct_memory();
  return true;
}

void Flash::read(const BusAccess& access) const {
  if (reads_array()) return array_.read(access.offset, {access.data, access.size});
  for (unsigned n = 0; n < access.size; ++n) {
    const std::uint64_t at = access.offset + n;
    const std::uint16_t value = chips_[at / 2 % CfiChip::kLanes].read(at / (2 * CfiChip::kLanes));
    access.data[n] = static_cast<std::byte>(value >> (at % 2 * 8));
  }
}

void Flash::write(const BusAccess& access) {
  for (unsigned done = 0; done < access.size; done += 2) {
    const std::uint64_t at = access.offset + done;
    unsigned value = 0xffff;
    for (std::uint64_t byte = at; byte < at + std::min(2u, access.size); ++byte) {
      const unsigned shift = static_cast<unsigned>(byte % 2 * 8);
      value &= ~(0xffu << shift) | std::to_integer<unsigned>(access.data[byte - access.offset]) << shift;
    }
    chips_[at / 2 % CfiChip::kLanes].write(at / (2 * CfiChip::kLanes), static_cast<std::uint16_t>(value));
  }
}

bool Flash::direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  if (payload.get_address() >= config_.size) return false;
  const NorArray::Run run = array_.run(payload.get_address());
  dmi.set_start_address(run.first);
  dmi.set_end_address(run.last);
  if (payload.is_write()) {
    dmi.allow_write();  // of a refusal: what is refused
    return false;
  }
  dmi.allow_read();
  if (!run.host || !reads_array()) return false;
  dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(run.host));
  dmi.set_read_latency(access_delay());
  return true;
}

void Flash::save() const {
  if (config_.save_to.empty() || !array_.changed()) return;
  const std::filesystem::path path = config_.save_to;
  std::filesystem::path part = path;
  part += ".part";  // so that a failure leaves the old file
  const auto fail = [&](const std::string& why) {
    throw std::runtime_error(fmt::format("flash contents {}: {}; name a file that can be written", path.string(), why));
  };
  const std::vector<std::byte> contents = array_.contents();
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    if (!file.flush()) fail("cannot write " + part.string());
  }
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) fail(error.message());
}

}  // namespace cardvp::memory
