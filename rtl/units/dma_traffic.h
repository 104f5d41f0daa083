// The memory traffic of a descriptor DMA in RTL, held against its contract (models/dma/dma.def, descriptor.h): what of
// which descriptor is read, each byte that is written, which errors that has to lead to.
//
// The reference is given what memory answered to the RTL, and has no memory of its own. So nothing is read twice, which
// devices would notice; nobody is ahead or behind; and an address answers both alike, whatever is there.
//
// Not compared are bytes of a copy that overlaps itself, and those behind an error, which are nobody's.
#pragma once

#include <bitset>
#include <deque>
#include <map>
#include <vector>

#include "models/dma/ring.h"
#include "rtl/bridges/transaction.h"
#include "rtl/units/lockstep.h"

namespace cardvp::rtl {

class DmaTraffic {
 public:
  // `word`: bytes of the RTL's data bus, of which it reads whole ones.
  DmaTraffic(Lockstep& lockstep, const dma::Ring& ring, unsigned word)
      : lockstep_(lockstep), ring_(ring), word_(word) {}

  // What was under way is no more; next is the descriptor at HEAD.
  void begin();

  // An access, with its answer. A burst that fails as a whole is followed by its beats, one by one.
  void read(std::uint64_t address, std::span<const std::uint8_t> data, Response response);
  void write(std::uint64_t address, std::span<const std::uint8_t> data, Response response);

  // Descriptors that have been done as far as memory shows, of which HEAD has not been seen to tell; oldest first.
  std::deque<dma_descriptor>& done() { return done_; }
  // The RTL says that the one behind them has been done as well: reports what it has not written. False if it was not
  // even read.
  bool leave();

  // The descriptor under way cannot be done: ERROR.CODE is to be one of these.
  bool stopping() const { return errors_.any(); }
  bool expects(dma::DmaError error) const { return errors_[static_cast<std::size_t>(error)]; }
  dma::DmaError expected() const;

  std::uint64_t accesses() const { return accesses_; }
  std::string text() const;  // of the descriptor under way

 private:
  struct Source {  // that was read, and is to be written yet
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;
    std::uint64_t last() const { return address + (bytes.size() - 1); }
  };

  void next();
  void start();
  bool fetches(std::uint64_t address, std::size_t size) const;
  void fetch(std::uint64_t address, std::span<const std::uint8_t> data, Response response);
  bool of_source(std::uint64_t address, std::size_t size) const;
  void keep(std::uint64_t address, std::span<const std::uint8_t> data);
  void compare(std::uint64_t offset, std::span<const std::uint8_t> data);
  bool written(std::uint64_t offset, std::uint64_t size) const;  // a byte of these
  void mark(std::uint64_t offset, std::uint64_t size);
  void release();
  const std::uint8_t* source_byte(std::uint64_t address, std::size_t& size) const;
  bool complete() const;
  void unexpected(const char* what, std::uint64_t address, std::span<const std::uint8_t> data);
  void fail(dma::DmaError error) { errors_.set(static_cast<std::size_t>(error)); }

  Lockstep& lockstep_;
  const dma::Ring& ring_;
  unsigned word_;
  std::deque<dma_descriptor> done_;
  std::uint64_t accesses_ = 0;

  // The descriptor under way.
  std::uint32_t index_ = 0;
  dma_descriptor descriptor_{};
  std::bitset<sizeof(dma_descriptor)> fetched_;  // bytes
  bool copying_ = false;                         // it is whole, and good
  bool comparable_ = false;
  std::bitset<6> errors_;                           // by DmaError
  std::deque<Source> source_;                       // in the order of the reads
  std::size_t source_bytes_ = 0;                    // of all of them
  std::map<std::uint64_t, std::uint64_t> written_;  // ranges of offsets: first, behind the last
};

}  // namespace cardvp::rtl
