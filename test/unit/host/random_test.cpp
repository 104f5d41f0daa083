#include "host/workload/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace cardvp::host {
namespace {

TEST(RandomTest, SplitMixIsThePublishedOne) {
  // The first outputs of SplitMix64 seeded with 1234567.
  EXPECT_EQ(split_mix(1234567), 6457827717110365317ull);
  EXPECT_EQ(split_mix(1234567 + 0x9e3779b97f4a7c15), 3203168211198807973ull);
}

TEST(RandomTest, BoundedNumbersAreEven) {
  Random random(1);
  std::vector<unsigned> seen(10);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random.below(10);
    ASSERT_LT(value, 10u);
    ++seen[value];
  }
  double chi = 0;
  for (const unsigned n : seen) chi += (n - 1e4) * (n - 1e4) / 1e4;
  EXPECT_LT(chi, 27.9);  // 9 degrees of freedom, p = 0.001
}

TEST(RandomTest, SeedsMatter) {
  Random a(1), b(1), c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

// The frequencies against the definition.
void expect_zipf(std::uint64_t n, double theta) {
  const Zipf zipf(n, theta);
  Random random(5);
  constexpr int kDraws = 400'000;
  std::vector<unsigned> seen(n);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t rank = zipf.draw(random);
    ASSERT_LT(rank, n);
    ++seen[rank];
  }
  double sum = 0;
  for (std::uint64_t r = 1; r <= n; ++r) sum += std::pow(static_cast<double>(r), -theta);
  for (std::uint64_t r = 1; r <= n; ++r) {
    const double expected = kDraws * std::pow(static_cast<double>(r), -theta) / sum;
    if (expected < 50) break;
    EXPECT_NEAR(seen[r - 1], expected, 5 * std::sqrt(expected)) << "rank " << r << " of " << n << ", theta " << theta;
  }
}

TEST(RandomTest, ZipfHasItsFrequencies) {
  for (const double theta : {0.2, 0.99, 1.0, 1.4}) {
    expect_zipf(1000, theta);
    expect_zipf(3, theta);
  }
  expect_zipf(1, 0.9);
}

TEST(RandomTest, ZipfTakesWideRanges) {
  const Zipf zipf(1ull << 40, 0.99);
  Random random(5);
  for (int i = 0; i < 1000; ++i) ASSERT_LT(zipf.draw(random), 1ull << 40);
}

}  // namespace
}  // namespace cardvp::host
