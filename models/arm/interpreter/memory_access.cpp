// The interpreter's accesses to memory beyond the hits of the soft TLB.
#include <algorithm>
#include <cstring>

#include "models/arm/interpreter/interpreter.h"

namespace cardvp::arm::interpreter {

namespace {
constexpr unsigned kBusWidth = 8;  // bytes; 128-bit accesses are pairs of 64-bit ones
constexpr unsigned kMost = 64;     // bytes of one instruction: LD4
}  // namespace

bool Interpreter::locate(AccessKind kind, std::uint64_t address, unsigned size, Manner manner, bool unaligned,
                         Location& out) {
  out.access = {address, size, kind, unaligned, manner.must_align, manner.unprivileged};
  SoftTlb& tlb = tlbs_[manner.unprivileged ? 0 : context_];
  if (!unaligned || !manner.must_align) {
    const bool read = kind == AccessKind::kRead;
    if (unaligned ? (read ? tlb.find_read_unaligned(address, out.host) : tlb.find_write_unaligned(address, out.host))
                  : (read ? tlb.find_read(address, 1, out.host) : tlb.find_write(address, 1, out.host)))
      return true;
  }
  Translation translation;
  if (!callbacks_.translate(out.access, translation)) return false;
  out.physical = translation.physical;
  out.host = translation.host;
  if (kind == AccessKind::kWrite) {
    out.code = cache_.find(out.physical);
    if (out.host && !out.code && !translation.watched) tlb.add_write(address, out.host, translation.aligned_only);
  } else if (out.host && !translation.watched) {
    tlb.add_read(address, out.host, translation.aligned_only);
  }
  return true;
}

bool Interpreter::read(const Location& from, void* to, unsigned element) {
  if (from.host) {
    std::memcpy(to, from.host, from.access.size);
    return true;
  }
  const unsigned piece = std::min(element, kBusWidth);
  for (unsigned done = 0; done < from.access.size; done += piece) {
    MemoryAccess part = from.access;
    part.address += done;
    part.size = std::min(piece, from.access.size - done);
    if (!callbacks_.read_bus(part, from.physical + done, static_cast<std::byte*>(to) + done)) return false;
  }
  return true;
}

bool Interpreter::write(const Location& to, const void* from, unsigned element) {
  if (to.host) {
    std::memcpy(to.host, from, to.access.size);
  } else {
    const unsigned piece = std::min(element, kBusWidth);
    for (unsigned done = 0; done < to.access.size; done += piece) {
      MemoryAccess part = to.access;
      part.address += done;
      part.size = std::min(piece, to.access.size - done);
      if (!callbacks_.write_bus(part, to.physical + done, static_cast<const std::byte*>(from) + done)) return false;
    }
  }
  if (to.code) cache_.invalidate(to.physical, to.access.size);
  return true;
}

bool Interpreter::load(std::uint64_t address, void* to, unsigned size, Manner manner) {
  const bool unaligned = address & (manner.element - 1);
  const auto first = static_cast<unsigned>(std::min<std::uint64_t>(size, kPageSize - (address & (kPageSize - 1))));
  Location location[2];
  if (!locate(AccessKind::kRead, address, first, manner, unaligned, location[0])) return false;
  if (first == size) return read(location[0], to, manner.element);
  std::byte value[kMost];
  if (!locate(AccessKind::kRead, address + first, size - first, manner, unaligned, location[1]) ||
      !read(location[0], value, manner.element) || !read(location[1], value + first, manner.element))
    return false;
  std::memcpy(to, value, size);
  return true;
}

bool Interpreter::store(std::uint64_t address, const void* from, unsigned size, Manner manner) {
  const bool unaligned = address & (manner.element - 1);
  const auto first = static_cast<unsigned>(std::min<std::uint64_t>(size, kPageSize - (address & (kPageSize - 1))));
  Location location[2];
  if (!locate(AccessKind::kWrite, address, first, manner, unaligned, location[0])) return false;
  if (first == size) return write(location[0], from, manner.element);
  return locate(AccessKind::kWrite, address + first, size - first, manner, unaligned, location[1]) &&
         write(location[0], from, manner.element) &&
         write(location[1], static_cast<const std::byte*>(from) + first, manner.element);
}

bool Interpreter::load_acquire(const Instruction& instruction) {
  const auto size = static_cast<unsigned>(instruction.imm);
  std::uint64_t value = 0;
  if (!load(registers_.x[instruction.rn], &value, size, {size, true})) return false;
  registers_.x[instruction.rd] = value;
  return true;
}

bool Interpreter::store_release(const Instruction& instruction) {
  const auto size = static_cast<unsigned>(instruction.imm);
  return store(registers_.x[instruction.rn], &registers_.x[instruction.rd], size, {size, true});
}

namespace {
std::uint64_t monitored(const std::byte* host, std::uint64_t physical) {
  return host ? reinterpret_cast<std::uintptr_t>(host) : physical;
}
}  // namespace

bool Interpreter::load_exclusive(const Instruction& instruction, bool pair) {
  const auto element = static_cast<unsigned>(instruction.imm);
  const unsigned size = pair ? 2 * element : element;
  const std::uint64_t address = registers_.x[instruction.rn];
  Location location;
  std::byte data[16];
  if (!locate(AccessKind::kRead, address, size, {size, true}, address & (size - 1), location) ||
      !read(location, data, element))
    return false;
  std::uint64_t value = 0;
  if (pair) {
    std::memcpy(&value, data + element, element);
    registers_.x[instruction.ra] = value;
    value = 0;
  }
  std::memcpy(&value, data, element);
  registers_.x[instruction.rd] = value;
  monitor_ = {monitored(location.host, location.physical), size};
  return true;
}

bool Interpreter::store_exclusive(const Instruction& instruction, bool pair) {
  const auto element = static_cast<unsigned>(instruction.imm);
  const unsigned size = pair ? 2 * element : element;
  const std::uint64_t address = registers_.x[instruction.rn];
  Location location;
  if (!locate(AccessKind::kWrite, address, size, {size, true}, address & (size - 1), location)) return false;
  const Monitor monitor = monitor_;
  bool passes = monitor.size == size && monitor.address == monitored(location.host, location.physical);
  if (passes) {
    std::byte data[16];
    std::memcpy(data, &registers_.x[instruction.rd], element);
    if (pair) std::memcpy(data + element, &registers_.x[instruction.ra], element);
    if (!write(location, data, element)) return false;
  }
  monitor_.size = 0;
  registers_.x[instruction.rm] = passes ? 0 : 1;
  return true;
}

}  // namespace cardvp::arm::interpreter
