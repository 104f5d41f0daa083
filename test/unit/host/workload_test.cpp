#include <gmock/gmock.h>
#include <openssl/sha.h>

#include <set>

#include <fmt/format.h>

#include "host/workload/checksum_workload.h"
#include "host/workload/io_workload.h"
#include "test/unit/host/nvme_machine.h"

namespace cardvp::host {
namespace {

using nvme::Command;
using nvme::Status;
using sc_core::SC_MS;
using sc_core::sc_time;
using sc_core::SC_US;
using testing::HasSubstr;

struct WorkloadTest : NvmeMachine {
  IoResult io(const IoWorkloadConfig& config, Content* content = nullptr) {
    return result(host::run(*driver, config, content));
  }
  ChecksumResult checksum(const ChecksumConfig& config) { return result(host::run(*driver, config)); }
  // LBAs of the I/O commands, in order.
  std::vector<std::uint32_t> lbas() const {
    std::vector<std::uint32_t> list;
    for (const auto& seen : device.seen)
      if (seen.queue > 0) list.push_back(seen.command.dw10);
    return list;
  }
};

const IoWorkloadConfig kVerified{.pattern = Pattern::kRandom,
                                 .read_percent = 50,
                                 .queue_depth = 8,
                                 .queues = 2,
                                 .count = 3000,
                                 .seed = 3,
                                 .size = 512 * 1024,
                                 .verify = true,
                                 .initial = InitialContent::kZeros};

TEST_F(WorkloadTest, ReadsAndWritesAndFindsNoFault) {
  make_and_start({.io_queues = 2});
  const IoResult result = io(kVerified);
  EXPECT_TRUE(result.passed()) << result.error;
  EXPECT_EQ(result.commands(), 3000u);
  EXPECT_EQ(result.read_bytes, result.reads * 4096);
  EXPECT_NEAR(static_cast<double>(result.reads), 1500, 150);
  EXPECT_EQ(result.verified_blocks, result.reads * 8);
  EXPECT_EQ(result.read_latency.count(), result.reads);
  EXPECT_EQ(result.write_latency.count(), result.writes);
  EXPECT_GE(result.read_latency.min(), device.latency.value());
  EXPECT_LT(result.start, result.end);
  EXPECT_GT(result.held_back, 0u);  // 16 commands on 128 blocks
}

TEST_F(WorkloadTest, EndsWhenItIsTold) {
  make_and_start({.io_queues = 2});
  IoWorkloadConfig config = kVerified;
  config.count = 0;
  IoWatch watch;
  std::uint64_t ended = 0;
  std::size_t span = 0;
  scope.spawn([](Scheduler& scheduler, IoWatch& told, std::size_t& number) -> Task<> {
    co_await scheduler.delay({1, SC_MS});
    number = told.open(scheduler.now());
    co_await scheduler.delay({1, SC_MS});
    told.close(number, scheduler.now());
    told.stop();
  }(sim.scheduler, watch, span));
  const IoResult io = result(host::run(*driver, config, nullptr, &ended, &watch));
  EXPECT_TRUE(io.passed()) << io.error;
  EXPECT_GT(io.commands(), 100u);
  EXPECT_EQ(io.commands(), ended);
  EXPECT_GE(io.end - io.start, sc_time(2, SC_MS));
  EXPECT_LT(io.end - io.start, sc_time(3, SC_MS));
  EXPECT_NEAR(static_cast<double>(watch.span(span).completed), static_cast<double>(io.commands()) / 2, 50);
  EXPECT_GE(watch.span(span).longest_latency, device.latency);
  EXPECT_GT(watch.span(span).longest_pause, sc_core::SC_ZERO_TIME);
}

TEST_F(WorkloadTest, FindsAFlippedBit) {
  make_and_start({.io_queues = 2});
  unsigned reads = 0;
  std::uint64_t where = 0;
  device.on_read = [&](std::uint64_t lba, std::span<std::byte> data) {
    if (++reads != 700) return;
    where = lba + 3;
    data[3 * 512 + 77] ^= std::byte{0x10};
  };
  const IoResult result = io(kVerified);
  EXPECT_EQ(result.mismatches, 1u);
  EXPECT_FALSE(result.passed());
  ASSERT_EQ(result.first_mismatches.size(), 1u);
  const Mismatch& one = result.first_mismatches[0];
  EXPECT_EQ(one.lba, where);
  EXPECT_EQ(one.offset, 77u);
  EXPECT_EQ(one.expected ^ one.actual, 0x10);
  EXPECT_THAT(one.text(), HasSubstr(fmt::format("LBA {} ", where)));
}

TEST_F(WorkloadTest, FindsALostWrite) {
  make_and_start({.io_queues = 2});
  unsigned writes = 0;
  device.on_command = [&](std::uint16_t queue, const Command& command) -> std::optional<std::uint16_t> {
    const bool write = queue > 0 && command.opcode == nvme::kWrite;
    if (write && ++writes % 100 == 0) return 0;  // success, and nothing done
    return std::nullopt;
  };
  EXPECT_GE(io(kVerified).mismatches, 8u);
}

TEST_F(WorkloadTest, FindsMisplacedData) {
  make_and_start({.io_queues = 2});
  unsigned reads = 0;
  device.on_read = [&](std::uint64_t lba, std::span<std::byte> data) {
    if (++reads > 700 && reads < 800) std::memcpy(data.data(), &device.storage[(lba ^ 8) * 512], 512);
  };
  EXPECT_GE(io(kVerified).mismatches, 10u);
}

// Data that was right once, or is right elsewhere.
TEST_F(WorkloadTest, KnowsStaleAndSwappedBlocks) {
  Content content(sim.scheduler, 8, 512, InitialContent::kZeros, 1);
  std::vector<std::byte> old_data(1024), new_data(1024);
  content.fill(2, old_data);
  content.fill(2, new_data);
  std::vector<Mismatch> found;
  std::uint64_t compared = 0;
  const auto check = [&](std::uint64_t lba, std::span<const std::byte> data) {
    content.check(lba, data, compared, [&](const Mismatch& one) { found.push_back(one); });
    return found.size();
  };
  EXPECT_EQ(check(2, new_data), 0u);
  ASSERT_EQ(check(2, old_data), 2u);
  EXPECT_EQ(found[1].lba, 3u);
  EXPECT_EQ(found[1].generation, 2u);
  std::rotate(new_data.begin(), new_data.begin() + 512, new_data.end());
  EXPECT_EQ(check(2, new_data), 4u);
  EXPECT_EQ(check(0, std::vector<std::byte>(512)), 4u);
  EXPECT_EQ(check(0, new_data), 6u);
  EXPECT_EQ(compared, 9u);
}

TEST_F(WorkloadTest, LearnsUnknownContent) {
  make_and_start({.io_queues = 2});
  for (std::size_t i = 0; i < device.storage.size(); ++i) device.storage[i] = static_cast<std::byte>(i * 31 >> 3);
  IoWorkloadConfig config = kVerified;
  config.initial = InitialContent::kUnknown;
  config.read_percent = 90;
  const IoResult good = io(config);
  EXPECT_TRUE(good.passed());
  EXPECT_LT(good.verified_blocks, good.reads * 8);
  // Taken for zeros, the same content is wrong.
  config.initial = InitialContent::kZeros;
  EXPECT_GT(io(config).mismatches, 0u);
  // A block that reads differently the second time.
  config.initial = InitialContent::kUnknown;
  config.read_percent = 100;
  unsigned reads = 0;
  device.on_read = [&](std::uint64_t, std::span<std::byte> data) {
    if (++reads == 2000) data[0] ^= std::byte{1};
  };
  const IoResult bad = io(config);
  EXPECT_EQ(bad.mismatches, 1u);
  EXPECT_TRUE(bad.first_mismatches.at(0).learned);
}

TEST_F(WorkloadTest, SharedContentOutlivesAWorkload) {
  make_and_start({.io_queues = 2});
  Content content(sim.scheduler, 8192, 512, InitialContent::kZeros, 9);
  EXPECT_TRUE(io(kVerified, &content).passed());
  IoWorkloadConfig reads = kVerified;
  reads.read_percent = 100;
  reads.block_size = 16384;  // other block sizes look at the same content
  const IoResult second = io(reads, &content);
  EXPECT_TRUE(second.passed());
  EXPECT_EQ(second.verified_blocks, second.reads * 32);
  device.storage[5 * 512] ^= std::byte{1};
  EXPECT_GT(io(reads, &content).mismatches, 0u);
  Content other(sim.scheduler, 4096, 512, InitialContent::kZeros, 9);
  EXPECT_THAT(io(reads, &other).error, HasSubstr("another volume"));
}

TEST_F(WorkloadTest, TwoWorkloadsShareARegion) {
  make_and_start({.io_queues = 2});
  Content content(sim.scheduler, 8192, 512, InitialContent::kZeros, 9);
  IoWorkloadConfig other = kVerified;
  other.seed = 77;
  other.block_size = 8192;
  other.size = 64 * 1024;
  unsigned left = 2;
  for (const IoWorkloadConfig& config : {kVerified, other}) {
    scope.spawn([](WorkloadTest& t, IoWorkloadConfig c, Content& shared, unsigned& n) -> Task<> {
      const IoResult result = co_await host::run(*t.driver, c, &shared);
      EXPECT_TRUE(result.passed());
      EXPECT_EQ(result.commands(), 3000u);
      --n;
    }(*this, config, content, left));
  }
  sc_core::sc_start({1, sc_core::SC_SEC});
  EXPECT_EQ(left, 0u);
}

TEST_F(WorkloadTest, OneBlockServesAllLanesInTurn) {
  make_and_start({.io_queues = 2});
  for (const Pattern pattern : {Pattern::kSequential, Pattern::kRandom, Pattern::kZipf}) {
    IoWorkloadConfig config = kVerified;
    config.pattern = pattern;
    config.size = 4096;
    config.count = 200;
    config.initial = InitialContent::kUnknown;
    const IoResult result = io(config);
    EXPECT_TRUE(result.passed()) << result.error;
    EXPECT_EQ(result.commands(), 200u);
  }
}

TEST_F(WorkloadTest, FailedWritesLeaveTheirBlocksUnknown) {
  make_and_start({.io_queues = 2});
  unsigned writes = 0, reads = 0;
  device.on_command = [&](std::uint16_t queue, const Command& command) -> std::optional<std::uint16_t> {
    if (queue > 0 && command.opcode == nvme::kWrite && ++writes % 10 == 0) return 0x280;
    if (queue > 0 && command.opcode == nvme::kRead && ++reads % 100 == 0) return 0x281;
    return std::nullopt;
  };
  const IoResult result = io(kVerified);
  EXPECT_EQ(result.mismatches, 0u);
  EXPECT_EQ(result.errors.at(0x280), writes / 10);
  EXPECT_EQ(result.errors.at(0x281), reads / 100);
  EXPECT_EQ(result.failed() + result.commands(), 3000u);
  EXPECT_FALSE(result.passed());
}

TEST_F(WorkloadTest, SequentialGoesRound) {
  make_and_start();
  const IoResult result =
      io({.pattern = Pattern::kSequential, .queue_depth = 3, .count = 10, .offset = 8192, .size = 16384});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(lbas(), (std::vector<std::uint32_t>{16, 24, 32, 40, 16, 24, 32, 40, 16, 24}));
}

TEST_F(WorkloadTest, RandomStaysInItsRegionAndReachesAllOfIt) {
  make_and_start();
  const IoResult result = io({.block_size = 1024, .queue_depth = 4, .count = 2000, .offset = 512, .size = 64 * 1024});
  EXPECT_TRUE(result.passed());
  std::set<std::uint32_t> seen;
  for (const std::uint32_t lba : lbas()) {
    EXPECT_EQ(lba % 2, 1u);
    seen.insert(lba);
  }
  EXPECT_EQ(seen.size(), 64u);
  EXPECT_EQ(*seen.rbegin(), 127u);
}

TEST_F(WorkloadTest, ZipfIsSkewedOverTheWholeRegion) {
  make_and_start();
  const IoResult result = io({.pattern = Pattern::kZipf, .zipf_theta = 1.0, .queue_depth = 8, .count = 20'000});
  EXPECT_TRUE(result.passed());
  std::map<std::uint32_t, unsigned> seen;
  for (const std::uint32_t lba : lbas()) ++seen[lba];
  std::vector<unsigned> counts;
  for (const auto& [lba, n] : seen) counts.push_back(n);
  std::sort(counts.rbegin(), counts.rend());
  double sum = 0;
  for (int r = 1; r <= 1024; ++r) sum += 1.0 / r;
  EXPECT_NEAR(counts[0], 20'000 / sum, 300);
  EXPECT_NEAR(counts[1], 20'000 / sum / 2, 250);
  EXPECT_GT(seen.rbegin()->first, 7000u);  // the popular ones are spread
  EXPECT_GT(seen.size(), 900u);
}

TEST_F(WorkloadTest, DurationEndsIt) {
  make_and_start();
  const IoResult result = io({.queue_depth = 4, .duration = {1, SC_MS}});
  EXPECT_TRUE(result.passed());
  EXPECT_GE(result.end - result.start, sc_time(1, SC_MS));
  EXPECT_LT(result.end - result.start, sc_time(1, SC_MS) + sc_time(20, SC_US));
  EXPECT_GT(result.commands(), 400u);
}

TEST_F(WorkloadTest, SameSeedSameRun) {
  make_and_start({.io_queues = 2});
  const IoResult first = io(kVerified);
  const auto first_lbas = lbas();
  device.seen.clear();
  std::fill(device.storage.begin(), device.storage.end(), std::byte{0});
  ASSERT_FALSE(result(driver->reset()));
  const IoResult second = io(kVerified);
  EXPECT_EQ(lbas(), first_lbas);
  EXPECT_EQ(first.reads, second.reads);
  EXPECT_EQ(first.held_back, second.held_back);
  EXPECT_EQ(first.end - first.start, second.end - second.start);
  for (const double p : {0.5, 0.99, 0.999})
    EXPECT_EQ(first.read_latency.percentile(p), second.read_latency.percentile(p));
  device.seen.clear();
  IoWorkloadConfig other = kVerified;
  other.seed = 4;
  other.initial = InitialContent::kUnknown;
  EXPECT_TRUE(io(other).passed());
  EXPECT_NE(lbas(), first_lbas);
}

TEST_F(WorkloadTest, RefusesWhatDoesNotFit) {
  make();
  const IoWorkloadConfig good{.count = 1};
  EXPECT_THAT(io(good).error, HasSubstr("not running"));
  ASSERT_FALSE(start());
  EXPECT_EQ(io(good).error, "");
  const auto refused = [&](auto change, const char* what) {
    IoWorkloadConfig config = good;
    change(config);
    EXPECT_THAT(io(config).error, HasSubstr(what));
  };
  refused([](auto& c) { c.block_size = 1000; }, "block_size of 1000");
  refused([](auto& c) { c.block_size = 0; }, "block_size of 0");
  refused([](auto& c) { c.block_size = 2 << 20; }, "of one command");
  refused([](auto& c) { c.queues = 2; }, "2 queues");
  refused([](auto& c) { c.queues = 0; }, "0 queues");
  refused([](auto& c) { c.queue_depth = 0; }, "queue_depth");
  refused([](auto& c) { c.count = 0; }, "neither");
  refused([](auto& c) { c.read_percent = 101; }, "101");
  refused([](auto& c) { c.offset = 100; }, "offset 100");
  refused([](auto& c) { c.offset = 1ull << 60; }, "offset");
  refused([](auto& c) { c.size = ~0ull; }, "region");
  refused([](auto& c) { c.size = 512; }, "region");
  refused([](auto& c) { c.queue_depth = 1u << 20; }, "host memory is exhausted");
  refused(
      [](auto& c) {
        c.pattern = Pattern::kZipf;
        c.zipf_theta = 0;
      },
      "zipf_theta");
}

TEST_F(WorkloadTest, EndsWhenTheControllerIsLost) {
  make_and_start({.io_queues = 2});
  unsigned commands = 0;
  device.on_command = [&](std::uint16_t, const Command&) -> std::optional<std::uint16_t> {
    if (++commands == 500) link.enable(false);
    return std::nullopt;
  };
  const IoResult result = io(kVerified);
  EXPECT_NE(result.error, "");
  EXPECT_EQ(result.errors.at(Status::kControllerLost.outcome()), 16u);
}

std::string sha256(std::span<const std::byte> data) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest);
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

TEST_F(WorkloadTest, ChecksumIsThatOfTheContent) {
  make_and_start({.io_queues = 2});
  for (std::size_t i = 0; i < device.storage.size(); ++i) device.storage[i] = static_cast<std::byte>(i * 131 >> 5);
  // Reads that overtake each other.
  device.on_command = [&](std::uint16_t, const Command& command) -> std::optional<std::uint16_t> {
    device.latency = sc_time(1 + command.dw10 * 7919 % 100, SC_US);
    return std::nullopt;
  };
  const std::string expected = sha256(device.storage);
  for (const unsigned depth : {1u, 7u, 1000u}) {
    for (const std::uint64_t block : {512 * 24, 512 * 1000}) {
      const ChecksumResult result = checksum({.block_size = block, .queue_depth = depth, .queue = 1});
      EXPECT_EQ(result.error, "");
      EXPECT_EQ(result.sha256, expected) << depth << " x " << block;
      EXPECT_EQ(result.bytes, device.storage.size());
      EXPECT_EQ(result.commands, (device.storage.size() + block - 1) / block);
    }
  }
  const ChecksumResult part = checksum({.offset = 1024, .size = 5120});
  EXPECT_EQ(part.sha256, sha256(std::span(device.storage).subspan(1024, 5120)));
  device.storage.back() ^= std::byte{0x80};
  EXPECT_NE(checksum({}).sha256, expected);
}

TEST_F(WorkloadTest, ChecksumEndsAtTheFirstError) {
  make_and_start();
  device.on_command = [](std::uint16_t queue, const Command& command) -> std::optional<std::uint16_t> {
    return queue > 0 && command.dw10 == 1024 ? std::optional<std::uint16_t>(0x281) : std::nullopt;
  };
  const ChecksumResult result = checksum({});
  EXPECT_THAT(result.error, HasSubstr("LBA 1024: Unrecovered Read Error"));
  EXPECT_EQ(result.sha256, "");
  EXPECT_LT(result.commands, 20u);
  EXPECT_EQ(result.errors, (std::map<std::uint16_t, std::uint64_t>{{0x281, 1}}));
  EXPECT_THAT(checksum({.offset = 100}).error, HasSubstr("not blocks"));
  EXPECT_THAT(checksum({.queue = 9}).error, HasSubstr("queue 9"));
}

}  // namespace
}  // namespace cardvp::host
