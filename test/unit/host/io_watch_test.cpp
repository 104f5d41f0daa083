#include "host/workload/io_watch.h"

#include <gtest/gtest.h>

namespace cardvp::host {
namespace {

sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

TEST(IoWatch, SeesCommandsThatReachOverTheEndsOfASpan) {
  IoWatch watch;
  watch.begin(us(0));
  watch.ended(us(0), us(10), true);
  watch.ended(us(1), us(11), true);
  const std::size_t span = watch.open(us(20));
  watch.ended(us(2), us(30), true);   // in flight when the span began: 28; from the completion before: 19
  watch.ended(us(25), us(35), true);  // within
  watch.close(span, us(40));
  watch.ended(us(36), us(75), true);   // in flight when it ended: 39, and 40 from the completion before
  watch.ended(us(41), us(190), true);  // begins behind it
  const IoWatch::Span& seen = watch.span(span);
  EXPECT_EQ(seen.completed, 2u);
  EXPECT_EQ(seen.failed, 0u);
  EXPECT_EQ(seen.longest_latency, us(39));
  EXPECT_EQ(seen.longest_pause, us(40));
}

TEST(IoWatch, CountsFailuresOfASpanAlone) {
  IoWatch watch;
  watch.begin(us(0));
  watch.ended(us(0), us(1), false);
  const std::size_t span = watch.open(us(2));
  watch.ended(us(1), us(3), false);
  watch.close(span, us(4));
  watch.ended(us(3), us(5), false);
  watch.ended(us(5), us(6), false);
  EXPECT_EQ(watch.span(span).failed, 2u);
  EXPECT_EQ(watch.span(span).completed, 0u);
}

TEST(IoWatch, APauseThatLastsTheWholeSpanIsSeen) {
  IoWatch watch;
  watch.begin(us(5));
  const std::size_t span = watch.open(us(10));
  watch.close(span, us(20));
  watch.ended(us(21), us(30), true);
  EXPECT_EQ(watch.span(span).longest_pause, us(25));
  EXPECT_EQ(watch.span(span).longest_latency, us(0));
}

}  // namespace
}  // namespace cardvp::host
