// One 16-bit NOR flash chip with the Intel/Sharp extended command set: CFI command set 0x0001 (JEDEC JESD68, JEP137;
// the commands, status bits and query data of Intel's StrataFlash families).
//
// It is one lane of a 32-bit bus that two of them share: its word n is at byte 4n + 2 * lane of the array. A command is
// the lower byte of a word.
//
// Choices: programming and erasing take no time, so the chip is always ready, and there is nothing to suspend; block
// locks are open after a reset, and lost by one; commands that do not exist lead to read array, as AMD's reset (0xf0),
// which probing drivers send, should.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/memory/nor_array.h"

namespace cardvp::memory {

class CfiChip {
 public:
  static constexpr std::uint64_t kBlockWords = 64 * 1024;
  static constexpr unsigned kLanes = 2;

  // `write_protected`: every block is locked, whatever its lock bits. The array is a power of two in size, at least
  // one block of each lane, and outlives the chip.
  CfiChip(NorArray& array, unsigned lane, bool write_protected);

  // By word; within the array. Bits that the bus does not drive are 1.
  void write(std::uint64_t word, std::uint16_t value);
  std::uint16_t read(std::uint64_t word) const;
  bool reads_array() const { return reads_ == Reads::kArray; }

  // RP#, or power-up.
  void reset();

 private:
  enum class Reads : std::uint8_t { kArray, kStatus, kId, kQuery };
  // What the next write is.
  enum class Expects : std::uint8_t {
    kCommand,
    kWord,
    kEraseConfirm,
    kLockOperation,
    kBufferCount,
    kBufferWord,
    kBufferConfirm
  };
  struct Cell {
    std::uint64_t word;
    std::uint16_t value;
  };

  void command(std::uint64_t word, std::uint8_t code);
  void expect(Expects next);  // in the middle of a command: reads give the status
  void change_lock(std::uint64_t word, std::uint8_t operation);
  void start_buffer(std::uint64_t word, std::uint16_t count_less_one);
  void fill_buffer(std::uint64_t word, std::uint16_t value);
  void program_buffer(std::uint8_t confirmation);
  void program(std::uint64_t word, std::uint16_t value);
  void erase(std::uint64_t word);
  void sequence_error();
  bool locked(std::uint64_t word) const;
  std::uint16_t identifier(std::uint64_t word) const;
  std::uint64_t byte_of(std::uint64_t word) const { return 2 * (kLanes * word + lane_); }
  void describe();

  NorArray& array_;
  unsigned lane_;
  bool write_protected_;
  Reads reads_;
  Expects expects_;
  std::uint8_t status_;
  std::vector<std::uint8_t> locks_;  // by block
  std::vector<Cell> buffer_;
  std::uint64_t buffer_block_ = 0;
  std::uint64_t buffer_missing_ = 0;        // words
  std::array<std::uint8_t, 0x40> query_{};  // by word address
};

}  // namespace cardvp::memory
