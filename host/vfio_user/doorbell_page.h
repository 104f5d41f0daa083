// Doorbells of a function as memory that its client maps: the guest's writes are stores, without a message, and the
// server looks for them.
//
// A value is taken by exchanging it for kNone. So none is taken twice, one that is the same again is not missed, and
// nothing outlives a reset. Two stores between two looks are one, of the later value, which for a queue's index says
// all. Registers of which each write counts do not belong here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "host/vfio_user/descriptor.h"

namespace cardvp::host::vfio_user {

// Whole pages of 4096 bytes with nothing but 32-bit doorbells; reads of it mean nothing.
struct DoorbellArea {
  unsigned bar = 0;
  std::uint64_t offset = 0;  // in the BAR
  std::uint64_t size = 0;
};

class DoorbellPage {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;  // no index is so great; who writes it has written nothing

  // Throws std::system_error if the system has no memory for it.
  explicit DoorbellPage(const DoorbellArea& area);
  ~DoorbellPage();
  DoorbellPage(const DoorbellPage&) = delete;
  DoorbellPage& operator=(const DoorbellPage&) = delete;

  const DoorbellArea& area() const { return area_; }
  // A file with the area at its offset in the BAR, whose length nobody can change.
  const Descriptor& file() const { return file_; }

  // Takes what was stored since, by rising offset in the BAR; how many.
  unsigned take(const std::function<void(std::uint64_t offset, std::uint32_t value)>& ring);
  void clear();

 private:
  const DoorbellArea area_;
  Descriptor file_;
  std::uint32_t* values_;
};

}  // namespace cardvp::host::vfio_user
