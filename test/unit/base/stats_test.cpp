#include "models/base/stats.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "models/base/log.h"
#include "models/base/trace.h"

namespace cardvp {
namespace {

TEST(HistogramTest, IsExactForSmallValues) {
  Histogram h;
  for (std::uint64_t v = 0; v < 64; ++v) h.add(v);
  EXPECT_EQ(h.percentile(0.5), 31u);
  EXPECT_EQ(h.percentile(0), 0u);
  EXPECT_EQ(h.percentile(1), 63u);
  EXPECT_DOUBLE_EQ(h.mean(), 31.5);
}

TEST(HistogramTest, PercentilesAreWithinTheirBound) {
  Histogram h;
  std::vector<std::uint64_t> all;
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    all.push_back(random() >> (random() % 60));
    h.add(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const double p : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = static_cast<double>(all[static_cast<std::size_t>(std::ceil(p * 20000)) - 1]);
    const double got = static_cast<double>(h.percentile(p));
    EXPECT_GE(got, exact) << p;
    EXPECT_LE(got, exact * 1.0323 + 1) << p;
  }
}

TEST(HistogramTest, TakesTheWholeRange) {
  Histogram h;
  h.add(~0ull);
  h.add(0);
  EXPECT_EQ(h.percentile(1), ~0ull);
  EXPECT_EQ(h.min(), 0u);
}

TEST(HistogramTest, MergesAndStartsEmpty) {
  Histogram a, b;
  EXPECT_EQ(a.percentile(0.5), 0u);
  EXPECT_EQ(a.min(), 0u);
  a.add(10);
  b.add(20);
  a.merge(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_EQ(a.max(), 20u);
}

TEST(LogTest, PatternsNameSubtrees) {
  EXPECT_TRUE(matches_hierarchy("card.nvme", "card.nvme.fn1"));
  EXPECT_TRUE(matches_hierarchy("card.nvme", "card.nvme"));
  EXPECT_FALSE(matches_hierarchy("card.nvme", "card.nvme2"));
  EXPECT_TRUE(matches_hierarchy("*", "host"));
  EXPECT_TRUE(matches_hierarchy("*.fn1", "card.nvme.fn1"));
  EXPECT_FALSE(matches_hierarchy("host*", "card.host"));
}

TEST(LogTest, TracedSourcesLogDebug) {
  Log log;
  std::vector<std::string> lines;
  log.trace("card.nvme");
  log.set_sink([&](const LogRecord& record) { lines.push_back(Log::format(record)); });
  Logger nvme(log, "card.nvme.fn0"), host(log, "host");
  nvme.debug("fetch", {{"qid", 3}, {"why", "two words"}});
  host.debug("never");
  host.warning("seen");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "[         0.000 us] card.nvme.fn0 debug: fetch qid=3 why=\"two words\"");
}

TEST(TraceTest, WritesTraceEvents) {
  Trace trace;
  trace.span("card.nvme", 3, "read", sc_core::sc_time(1, sc_core::SC_US), sc_core::sc_time(2500, sc_core::SC_NS));
  std::ostringstream out;
  trace.write(out);
  EXPECT_NE(out.str().find(R"("ph":"X","name":"read","pid":1,"tid":3,"ts":1.000000,"dur":1.500000)"),
            std::string::npos);
}

TEST(Stats, ACounterThatIsMadeWhenItCountsIsZeroUntilThen) {
  Stats stats;
  stats.declare("card.drops.", [](std::string_view name) { return name == "rules" || name == "ttl"; });
  stats.counter("card.packets", "packets").add(7);
  EXPECT_EQ(stats.value("card.packets"), 7u);
  EXPECT_EQ(stats.value("card.drops.rules"), 0u);
  stats.counter("card.drops.rules", "packets").add();
  EXPECT_EQ(stats.value("card.drops.rules"), 1u);
  for (const char* name : {"card.drops.other", "card.drops.", "card.drop.rules", "drops.rules", "rules", ""})
    EXPECT_EQ(stats.value(name), std::nullopt) << name;
}

}  // namespace
}  // namespace cardvp
