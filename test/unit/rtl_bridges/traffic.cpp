#include "test/unit/rtl_bridges/traffic.h"

#include <algorithm>

namespace cardvp::rtl::test {
namespace {

class Exercise {
 public:
  Exercise(const Traffic& traffic, unsigned seed) : traffic_(traffic), random_(seed), model_(traffic.size) {}

  bool write = false;
  std::uint64_t address = 0;
  std::vector<std::uint8_t> data;
  BurstShape shape;

  void choose() {
    write = below(2) != 0;
    shape = {};
    shape.id = traffic_.id;
    const unsigned kind = traffic_.types ? below(8) : 7;
    if (kind < 2)
      choose_wrap();
    else if (kind < 4)
      choose_fixed();
    else
      choose_plain();
    for (std::uint8_t& byte : data) byte = write ? static_cast<std::uint8_t>(random_()) : std::uint8_t{0xee};
  }

  // What the memory has at each byte of the access, in the access's order.
  void apply() {
    for (std::size_t i = 0; i < data.size(); ++i) model_[place(i)] = data[i];
  }
  bool agrees() const {
    for (std::size_t i = 0; i < data.size(); ++i)
      if (model_[place(i)] != data[i]) return false;
    return true;
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  void choose_plain() {
    const unsigned granule = traffic_.granule;
    data.resize((1 + below(traffic_.max_size / granule)) * granule);
    address = traffic_.base + below(static_cast<unsigned>((traffic_.size - data.size()) / granule + 1)) * granule;
    if (!traffic_.shapes) return;
    if (below(2) == 0) shape.bytes_per_beat = beat();
    if (below(4) == 0) shape.max_beats = 1 + below(16);
  }
  void choose_wrap() {
    shape.type = BurstType::kWrap;
    shape.bytes_per_beat = beat();
    const unsigned total = shape.bytes_per_beat << (1 + below(4));
    data.resize(total);
    address = traffic_.base + below(static_cast<unsigned>(traffic_.size) / total) * total +
              below(total / shape.bytes_per_beat) * shape.bytes_per_beat;
  }
  void choose_fixed() {
    shape.type = BurstType::kFixed;
    shape.bytes_per_beat = beat();
    address = traffic_.base + below(static_cast<unsigned>(traffic_.size));
    data.resize(1 + below(traffic_.max_size));
    // Every beat is the rest of the address's own beat. A read would not end in the middle of one.
    fixed_ = shape.bytes_per_beat - static_cast<unsigned>(address % shape.bytes_per_beat);
  }
  unsigned beat() {
    unsigned bytes = 1;
    while (bytes < traffic_.bus && below(3) != 0) bytes *= 2;
    return bytes;
  }

  std::size_t place(std::size_t index) const {
    const std::uint64_t start = address - traffic_.base;
    if (shape.type == BurstType::kFixed) return start + index % fixed_;
    if (shape.type != BurstType::kWrap) return start + index;
    const std::uint64_t total = data.size();
    return start / total * total + (start % total + index) % total;
  }

  Traffic traffic_;
  std::mt19937 random_;
  std::vector<std::uint8_t> model_;
  unsigned fixed_ = 1;
};

}  // namespace

Task<> exercise(TargetBridge& bridge, Traffic traffic, unsigned seed, unsigned accesses, Tally& tally) {
  Exercise exercise(traffic, seed);
  for (unsigned i = 0; i < accesses; ++i) {
    exercise.choose();
    Response response;
    if (exercise.write) {
      response = co_await bridge.write(exercise.address, exercise.data, exercise.shape);
      exercise.apply();
      ++tally.writes;
    } else {
      response = co_await bridge.read(exercise.address, exercise.data, exercise.shape);
      tally.mismatches += !exercise.agrees();
      ++tally.reads;
    }
    tally.errors += !is_okay(response);
  }
  ++tally.ended;
}

}  // namespace cardvp::rtl::test
