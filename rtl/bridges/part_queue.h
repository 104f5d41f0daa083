// The transactions of one direction of a target interface, cut into parts that the interface carries one by one:
// bursts, or words.
#pragma once

#include <deque>
#include <vector>

#include "rtl/bridges/burst.h"

namespace cardvp::rtl {

// What an interface can carry.
struct PartLimits {
  unsigned bus;  // bytes of its data
  unsigned max_beats = 1;
  bool narrow = false;   // beats of fewer bytes than the bus
  bool types = false;    // bursts that are not incrementing
  bool strobes = false;  // writes of some bytes of a beat
  std::size_t outstanding = 1;
};

struct Part {
  Burst burst;
  Transaction* transaction;  // null once it was abandoned
  std::size_t offset;        // of the transaction's data
  std::size_t size;          // bytes
  unsigned beats_done = 0;
  bool address_done = false;
  Response response = Response::kOkay;

  // Which bytes of the transaction a beat carries, in which lanes.
  struct Beat {
    Lanes lanes;
    std::size_t offset;  // of the transaction's data
  };
  Beat beat(unsigned index, unsigned bus) const;
  // Puts a beat's bytes into their lanes; none of an abandoned transaction. Returns the write strobes' lanes.
  Lanes fill(unsigned index, std::span<std::uint8_t> bus) const;
  // Takes a beat's bytes out of their lanes.
  void take(unsigned index, std::span<const std::uint8_t> bus) const;
};

class PartQueue {
 public:
  explicit PartQueue(const PartLimits& limits) : limits_(limits) { parts_.reserve(limits.outstanding); }

  // kOkay or kRefused.
  Response push(Transaction& transaction);
  void abandon(const Transaction& transaction);
  // Cuts as many parts as may be outstanding. The new ones are behind the others.
  void cut();
  // A part's end; its place in `parts` goes to those behind it.
  void finish(std::size_t index);
  // Every transaction ends with `response`. What is on the pins stays in `parts`, without its transaction.
  void fail(Response response);
  // As fail, and nothing stays.
  void clear(Response response);

  std::vector<Part>& parts() { return parts_; }
  const std::vector<Part>& parts() const { return parts_; }
  const PartLimits& limits() const { return limits_; }
  bool empty() const { return parts_.empty() && waiting_.empty(); }
  // The oldest that somebody waits for; null if there is none.
  const Transaction* oldest() const;
  // The oldest part was given up.
  bool blocked() const { return !parts_.empty() && !parts_.front().transaction; }

 private:
  unsigned beat_bytes(const Transaction& transaction) const;
  Part next_part(Transaction& transaction) const;

  PartLimits limits_;
  std::deque<Transaction*> waiting_;  // the first may be cut in part
  std::vector<Part> parts_;
};

// What is in flight, for people.
std::string pending_text(const PartQueue& queue);

}  // namespace cardvp::rtl
