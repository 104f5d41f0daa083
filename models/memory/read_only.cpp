#include "models/memory/read_only.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::memory {
namespace {

constexpr std::uint64_t kPage = 4096;

}  // namespace

ReadOnlyMemory::ReadOnlyMemory(sc_core::sc_module_name name, Sim& sim, std::uint64_t size,
                               std::span<const std::byte> image, std::byte fill)
    : BusTarget(name, sim),
      size_(size),
      image_size_(image.size()),
      fill_(fill),
      pages_(std::min(size, (image.size() + kPage - 1) / kPage * kPage)),
      refused_writes_(counter("refused_writes", "accesses")) {
  assert(image.size() <= size);
  const auto rest = std::copy(image.begin(), image.end(), pages_.bytes().begin());
  std::fill(rest, pages_.bytes().end(), fill);
}

bool ReadOnlyMemory::access(const BusAccess& access) {
  if (access.offset > size_ || access.size > size_ - access.offset) return false;
  if (access.write) {
    refused_writes_.add();
    return false;
  }
  const std::span<const std::byte> stored = pages_.bytes().subspan(std::min(access.offset, pages_.bytes().size()));
  const std::size_t from_image = std::min<std::size_t>(access.size, stored.size());
  std::copy_n(stored.begin(), from_image, access.data);
  std::fill_n(access.data + from_image, access.size - from_image, fill_);
  return true;
}

bool ReadOnlyMemory::direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t stored = pages_.bytes().size();
  if (payload.get_address() >= stored) {  // the fill: nothing there to point at
    dmi.set_start_address(stored);
    dmi.set_end_address(size_ - 1);
    return false;
  }
  dmi.set_start_address(0);
  dmi.set_end_address(stored - 1);
  if (payload.is_write()) {
    dmi.allow_write();  // of a refusal: what is refused
    return false;
  }
  dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(pages_.bytes().data()));
  dmi.set_read_latency(access_delay());
  dmi.allow_read();
  return true;
}

}  // namespace cardvp::memory
