// A counter whose waveform is looked at. Its clock rises at 5 ns and every 10 ns; the count is 7 in reset, which takes
// four cycles, and one more with each that follows.
#pragma once

#include <unistd.h>

#include "test/unit/rtl/requester.h"
#include "test/unit/rtl/vcd.h"

namespace cardvp::rtl::test {

namespace fs = std::filesystem;

inline constexpr std::uint64_t kPeriod = 10'000;
inline std::uint64_t rise(std::uint64_t cycle) {
  return 5'000 + (cycle - 1) * kPeriod;
}  // of the first, the second ...
inline std::uint64_t count_after(std::uint64_t cycle) { return cycle <= 4 ? 7 : 7 + cycle - 4; }

class WavesTest : public BlockTest {
 protected:
  WavesTest() { fs::create_directories(folder_); }
  ~WavesTest() override {
    block.reset();
    fs::remove_all(folder_);
  }

  static constexpr unsigned kAhead = 16;
  // A counter that runs by itself, in batches of kAhead cycles.
  BlockConfig counting(unsigned window) {
    BlockConfig config;
    config.clocking.mode = Clocking::Mode::kBatched;
    config.clocking.batch = config.clocking.run_ahead = kAhead;
    config.tie_offs = {{"enable", 1}};
    config.waves = Waves{file_, {}, {}, 1, window};
    return config;
  }
  std::uint64_t cycles() { return block->domain()->cycles(); }
  Vcd vcd() { return Vcd(file_); }
  Vcd vcd_before() { return Vcd(before(file_)); }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("cardvp-waves-{}", ::getpid());
  const fs::path file_ = folder_ / "waves.vcd";
};

// Of the counter, at each rising edge from one cycle to another, both included.
inline void expect_count(const Vcd& waves, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t cycle = first; cycle <= last; ++cycle)
    ASSERT_EQ(waves.at("block.count", rise(cycle)), count_after(cycle)) << cycle;
  EXPECT_EQ(waves.times.back(), rise(last));
}

}  // namespace cardvp::rtl::test
