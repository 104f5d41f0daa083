// What both engines start from, and what is compared afterwards: registers, memory, and how execution ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cardvp::arm::differential {

struct State {
  using Vector = std::array<std::uint64_t, 2>;

  std::array<std::uint64_t, 31> x{};
  std::uint64_t sp = 0;
  std::uint64_t pc = 0;
  std::array<Vector, 32> v{};
  std::uint32_t nzcv = 0;  // bits 3 to 0
  std::uint32_t fpcr = 0;
  std::uint32_t fpsr = 0;
};

// Instructions that stand in the code pages; all other words there are kEnd.
struct Sequence {
  std::vector<std::uint32_t> words;
  std::uint32_t offset = 0;  // of the first, bytes from the start of the code
  bool straight = true;      // holds no branch

  std::uint64_t address() const;
};

enum class Stop : std::uint8_t {
  kEnd,        // arrived at a word kEnd
  kLimit,      // still running after kLimit instructions
  kDataAbort,  // at Outcome::address
  kAlignment,  // the same, of an access that must be aligned
  kFetchAbort,
  kUndefined,
  kException,       // any other that the instruction takes
  kUnpredictable,   // of the reference: the architecture leaves the instruction open,
  kNotImplemented,  // or the reference does
};
const char* name(Stop stop);

struct Outcome {
  State state;  // ahead of the instruction that ended the run
  Stop stop = Stop::kEnd;
  std::uint64_t address = 0;
};

inline constexpr std::uint32_t kEnd = 0xd4000001;  // SVC #0
inline constexpr std::uint64_t kLimit = 1000;

// The address space: two pages of code, which data accesses may read, and four of data, the last of them read-only.
// Around both there is nothing.
class Memory {
 public:
  static constexpr std::uint64_t kPage = 4096;
  static constexpr std::uint64_t kCode = 0x10000000, kCodeSize = 2 * kPage;
  static constexpr std::uint64_t kData = 0x10010000, kDataSize = 4 * kPage, kWritable = 3 * kPage;

  using Data = std::array<std::byte, kDataSize>;

  Memory();

  // The bytes from `address` to the end of its page; empty: nothing is there, or it may not be written.
  std::span<std::byte> page(std::uint64_t address, bool write);
  // The first byte of the access that is not possible.
  std::optional<std::uint64_t> fault(std::uint64_t address, std::size_t size, bool write);

  void load(const Sequence& sequence);
  void restore();

  const Data& data() const { return data_; }
  // Writes to the pages in between go over the bus rather than straight to host memory.
  static bool on_bus(std::uint64_t address) { return address >= kData + kPage && address < kData + 2 * kPage; }
  std::byte* host(std::uint64_t address);

 private:
  alignas(kPage) std::array<std::byte, kCodeSize> code_;
  alignas(kPage) Data data_;
};

inline std::uint64_t Sequence::address() const { return Memory::kCode + offset; }

}  // namespace cardvp::arm::differential
