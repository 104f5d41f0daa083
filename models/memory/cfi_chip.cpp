#include "models/memory/cfi_chip.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace cardvp::memory {
namespace {

enum Command : std::uint8_t {
  kLockBlock = 0x01,
  kWordProgram2 = 0x10,
  kBlockErase = 0x20,
  kLockDown = 0x2f,
  kWordProgram = 0x40,
  kClearStatus = 0x50,
  kLockSetup = 0x60,
  kReadStatus = 0x70,
  kReadId = 0x90,
  kReadQuery = 0x98,
  kSuspend = 0xb0,
  kConfirm = 0xd0,  // also: resume, unlock
  kBufferedProgram = 0xe8,
};

enum Status : std::uint8_t { kBlockLocked = 0x02, kProgramError = 0x10, kEraseError = 0x20, kReady = 0x80 };

enum Lock : std::uint8_t { kLocked = 1, kLockedDown = 2 };

constexpr std::uint16_t kManufacturer = 0x0089;  // Intel
constexpr std::uint16_t kDevice = 0x0018;        // as QEMU's `virt` has it

constexpr unsigned kLog2BufferBytes = 10;
constexpr std::uint64_t kBufferWords = (1u << kLog2BufferBytes) / 2;

}  // namespace

CfiChip::CfiChip(NorArray& array, unsigned lane, bool write_protected)
    : array_(array), lane_(lane), write_protected_(write_protected), locks_(array.size() / (2 * kLanes * kBlockWords)) {
  assert(std::has_single_bit(array.size()) && !locks_.empty());
  describe();
  reset();
}

void CfiChip::reset() {
  reads_ = Reads::kArray;
  expects_ = Expects::kCommand;
  status_ = kReady;
  std::ranges::fill(locks_, std::uint8_t{0});
  buffer_.clear();
}

// The query's data: JEP137 and, from 0x31 on, the extended query of the command set.
void CfiChip::describe() {
  const auto put = [this](std::size_t at, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) query_[at++] = static_cast<std::uint8_t>(byte);
  };
  const std::size_t last_block = locks_.size() - 1;
  const unsigned log2_bytes = static_cast<unsigned>(std::countr_zero(array_.size() / kLanes));
  const unsigned block_size = static_cast<unsigned>(2 * kBlockWords / 256);  // in units of 256 bytes
  put(0x10, {'Q', 'R', 'Y'});
  put(0x13, {0x01, 0x00, 0x31, 0x00});  // command set, and where its table is
  put(0x1b, {0x17, 0x20, 0x00, 0x00});  // 1.7 V to 2.0 V; no VPP
  // Typical times, 2^n: us for a word, us for a buffer, ms for a block, none for the chip; then how many times that at
  // most.
  put(0x1f, {8, 10, 10, 0, 1, 1, 2, 0});
  put(0x27, {log2_bytes, 0x01, 0x00, kLog2BufferBytes, 0x00});  // 16 bits wide
  put(0x2c, {1});                                               // region of blocks of one size
  put(0x2d, {static_cast<unsigned>(last_block & 0xff), static_cast<unsigned>(last_block >> 8)});
  put(0x2f, {block_size & 0xff, block_size >> 8});
  put(0x31, {'P', 'R', 'I', '1', '0'});
  put(0x36, {0x20, 0, 0, 0});  // features: each block can be locked by itself
  put(0x3a, {0});              // nothing can be done during a suspend
  put(0x3b, {kLocked | kLockedDown, 0});
  put(0x3d, {0x18, 0x00, 0});  // 1.8 V is best; no protection registers
}

std::uint16_t CfiChip::read(std::uint64_t word) const {
  switch (reads_) {
    case Reads::kArray: return array_.read(byte_of(word));
    case Reads::kStatus: return status_;
    case Reads::kId: return identifier(word);
    case Reads::kQuery: return word < query_.size() ? query_[word] : 0;
  }
  return 0;
}

std::uint16_t CfiChip::identifier(std::uint64_t word) const {
  switch (word % kBlockWords) {
    case 0: return kManufacturer;
    case 1: return kDevice;
    case 2: return (locked(word) ? kLocked : 0) | (locks_[word / kBlockWords] & kLockedDown);
    default: return 0;
  }
}

bool CfiChip::locked(std::uint64_t word) const { return write_protected_ || locks_[word / kBlockWords] & kLocked; }

void CfiChip::write(std::uint64_t word, std::uint16_t value) {
  const auto code = static_cast<std::uint8_t>(value);
  switch (std::exchange(expects_, Expects::kCommand)) {
    case Expects::kCommand: return command(word, code);
    case Expects::kWord: return program(word, value);
    case Expects::kEraseConfirm: return code == kConfirm ? erase(word) : sequence_error();
    case Expects::kLockOperation: return change_lock(word, code);
    case Expects::kBufferCount: return start_buffer(word, value);
    case Expects::kBufferWord: return fill_buffer(word, value);
    case Expects::kBufferConfirm: return program_buffer(code);
  }
}

void CfiChip::command(std::uint64_t word, std::uint8_t code) {
  switch (code) {
    case kWordProgram:
    case kWordProgram2: return expect(Expects::kWord);
    case kBlockErase: return expect(Expects::kEraseConfirm);
    case kLockSetup: return expect(Expects::kLockOperation);
    case kBufferedProgram: buffer_block_ = word / kBlockWords; return expect(Expects::kBufferCount);
    case kReadStatus:
    case kSuspend:
    case kConfirm: reads_ = Reads::kStatus; return;
    case kReadId: reads_ = Reads::kId; return;
    case kReadQuery: reads_ = Reads::kQuery; return;
    case kClearStatus: status_ = kReady; return;  // what is read stays the same
    default: reads_ = Reads::kArray; return;
  }
}

void CfiChip::expect(Expects next) {
  expects_ = next;
  reads_ = Reads::kStatus;
}

void CfiChip::sequence_error() {
  status_ |= kProgramError | kEraseError;
  buffer_.clear();
}

void CfiChip::program(std::uint64_t word, std::uint16_t value) {
  if (locked(word))
    status_ |= kProgramError | kBlockLocked;
  else
    array_.program(byte_of(word), value);
}

void CfiChip::erase(std::uint64_t word) {
  if (locked(word)) {
    status_ |= kEraseError | kBlockLocked;
    return;
  }
  const std::uint64_t first = word / kBlockWords * kBlockWords;
  for (std::uint64_t n = 0; n < kBlockWords; ++n) array_.erase(byte_of(first + n));
}

void CfiChip::change_lock(std::uint64_t word, std::uint8_t operation) {
  std::uint8_t& lock = locks_[word / kBlockWords];
  switch (operation) {
    case kLockBlock: lock |= kLocked; return;
    case kLockDown: lock |= kLocked | kLockedDown; return;
    case kConfirm:
      if (!(lock & kLockedDown)) lock = 0;
      return;
    default: return sequence_error();
  }
}

void CfiChip::start_buffer(std::uint64_t word, std::uint16_t count_less_one) {
  if (word / kBlockWords != buffer_block_ || count_less_one >= kBufferWords) return sequence_error();
  buffer_missing_ = count_less_one + 1u;
  expect(Expects::kBufferWord);
}

void CfiChip::fill_buffer(std::uint64_t word, std::uint16_t value) {
  if (word / kBlockWords != buffer_block_) return sequence_error();
  buffer_.push_back({word, value});
  expect(--buffer_missing_ ? Expects::kBufferWord : Expects::kBufferConfirm);
}

void CfiChip::program_buffer(std::uint8_t confirmation) {
  if (confirmation != kConfirm) return sequence_error();
  for (const Cell& cell : buffer_) program(cell.word, cell.value);
  buffer_.clear();
}

}  // namespace cardvp::memory
