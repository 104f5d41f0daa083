// Encrypted volumes: what is on the medium, what the host gets, and what becomes of commands without a key. What is
// expected is computed by OpenSSL, one block at a time.
#include <cstring>

#include "test/unit/nvme/machine.h"
#include "test/unit/nvme/test_medium.h"

namespace cardvp::nvme {
namespace {

namespace control = control_regs;
constexpr std::uint16_t kSlot = 17;
constexpr std::uint64_t kBack = Machine::kData + 0x200000;  // where reads go
constexpr std::uint64_t kList = Machine::kMemory - 0x10000;

struct EncryptedOn : Machine {
  explicit EncryptedOn(std::uint32_t block_size = 512, bool has_cipher = true,
                       std::unique_ptr<storage::Medium> medium = storage::make_memory_medium(kVolumeBytes))
      : Machine({.volume = {.block_size = block_size, .read_latency = us(10), .write_latency = us(5)},
                 .has_cipher = has_cipher},
                std::move(medium)),
        unit(block_size) {}

  void SetUp() override {
    cipher.slots[kSlot] = {key, 0};
    set_cipher(true, kSlot);
    start();
    io = create(1);
    host.fill(kData, 0x110000);
  }
  void set_cipher(bool on, unsigned slot, sc_core::sc_time ahead = sc_core::SC_ZERO_TIME) {
    firmware.page.write(control::offset::CIPHER, control::CIPHER_SLOT.in(slot) | control::CIPHER_ENABLE.in(on), 4,
                        ahead);
  }
  std::vector<std::byte> medium_bytes(std::uint64_t lba, std::size_t bytes) {
    if (std::byte* const at = volume_at(lba * unit, bytes)) return {at, at + bytes};
    std::vector<std::byte> copy(bytes);
    EXPECT_TRUE(volume.medium().read(lba * unit, copy));
    return copy;
  }
  std::vector<std::byte> host_bytes(std::uint64_t at, std::size_t bytes) {
    return {&host.memory.at(at), &host.memory.at(at) + bytes};
  }
  SubmissionEntry on(Opcode opcode, std::uint64_t lba, std::uint32_t blocks, std::uint64_t at, std::uint16_t cid = 1) {
    SubmissionEntry entry = command(opcode, lba, blocks, at, 0, cid);
    const std::uint32_t bytes = blocks * unit;
    const std::uint64_t second = (at / kPageSize + 1) * kPageSize;
    entry.prp2 = second;
    if (!needs_prp_list(at, bytes)) return entry;
    entry.prp2 = kList;
    for (std::uint64_t i = 0; i <= bytes / kPageSize; ++i) host.store(kList + i * 8, second + i * kPageSize);
    return entry;
  }
  void run_until(const std::function<bool()>& condition) {
    for (int i = 0; i < 100'000 && !condition(); ++i) sc_core::sc_start(ns(10));
    ASSERT_TRUE(condition());
  }
  bool nothing_read() { return host_bytes(kBack, 0x2000) == std::vector<std::byte>(0x2000); }
  bool nothing_written() { return medium_bytes(0, 0x10000) == std::vector<std::byte>(0x10000); }
  std::uint64_t firmware_count(std::uint32_t at) { return firmware.page.read(at, 8); }

  std::uint32_t unit;
  XtsKey key = xts_key(1);
  HostQueue io;
};

// ---- Content

struct Shape {
  std::uint32_t block_size;
  bool direct;
};
struct EncryptedVolumes : EncryptedOn, testing::WithParamInterface<Shape> {
  EncryptedVolumes()
      : EncryptedOn(
            GetParam().block_size, true,
            GetParam().direct ? storage::make_memory_medium(kVolumeBytes) : std::make_unique<TestMedium>(4 << 20)) {}
};
INSTANTIATE_TEST_SUITE_P(Shapes, EncryptedVolumes,
                         testing::Values(Shape{512, true}, Shape{4096, true}, Shape{512, false}, Shape{4096, false}));

TEST_P(EncryptedVolumes, TheMediumHoldsCiphertextAndTheHostPlaintext) {
  for (const std::uint64_t lba : {0u, 1u, 300u, 511u})
    for (const std::uint32_t bytes : {unit, 2 * unit, 0x2000u, 0x3000u, 0x21000u, kMaxTransfer})
      for (const std::uint32_t offset : {0u, 4u, 2048u, 4092u}) {
        SCOPED_TRACE(testing::Message() << "lba " << lba << " bytes " << bytes << " offset " << offset);
        const std::uint64_t from = kData + offset;
        ASSERT_EQ(run(io, on(Opcode::kWrite, lba, bytes / unit, from)), status::kSuccess);
        const auto plain = host_bytes(from, bytes);
        ASSERT_EQ(medium_bytes(lba, bytes), xts(key, true, lba, unit, plain));
        std::memset(&host.memory[kBack], 0xee, bytes + 0x2000);
        ASSERT_EQ(run(io, on(Opcode::kRead, lba, bytes / unit, kBack + offset)), status::kSuccess);
        ASSERT_EQ(host_bytes(kBack + offset, bytes), plain);
        ASSERT_EQ(host.memory[kBack + offset + bytes], std::byte{0xee});
      }
}

TEST_P(EncryptedVolumes, WhatIsEncryptedElsewhereIsRead) {
  const auto plain = host_bytes(kData, 0x8000);
  ASSERT_TRUE(volume.medium().write(40 * unit, xts(key, true, 40, unit, plain)));
  ASSERT_EQ(run(io, on(Opcode::kRead, 40 + 0x4000 / unit, 0x1000 / unit, kBack)), status::kSuccess);
  EXPECT_EQ(host_bytes(kBack, 0x1000), host_bytes(kData + 0x4000, 0x1000));
}

// A host whose memory cannot be touched directly, or not across some address.
TEST_P(EncryptedVolumes, TheHostNeedNotBeDirect) {
  const auto plain = host_bytes(kData, 0x8000);
  ASSERT_TRUE(volume.medium().write(40 * unit, xts(key, true, 40, unit, plain)));
  const auto scattered = [&] {
    SubmissionEntry entry = command(Opcode::kRead, 40, 0x4000 / unit, kBack, kList);
    for (std::uint64_t i = 0; i < 3; ++i) host.store(kList + i * 8, kBack + 0x20000 - i * 0x2000);
    std::memset(&host.memory[kBack], 0, 0x22000);
    ASSERT_EQ(run(io, entry), status::kSuccess);
    EXPECT_EQ(host_bytes(kBack, 0x1000), host_bytes(kData, 0x1000));
    for (std::uint64_t i = 0; i < 3; ++i)
      EXPECT_EQ(host_bytes(kBack + 0x20000 - i * 0x2000, 0x1000), host_bytes(kData + (i + 1) * 0x1000, 0x1000));
    ASSERT_EQ(run(io, on(Opcode::kWrite, 40, 0x8000 / unit, kData)), status::kSuccess);
    EXPECT_EQ(medium_bytes(40, 0x8000), xts(key, true, 40, unit, plain));
  };
  scattered();
  host.boundary = kBack + 0x20800;
  scattered();
  host.all_direct = false;
  scattered();
}

TEST_P(EncryptedVolumes, ManyAtOnce) {
  for (std::uint16_t i = 0; i < 60; ++i)
    put(io, on(Opcode::kWrite, i * (4096 / unit), 4096 / unit, kData + i * 4096u, i));
  ring_tail(1, io.tail);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(wait(io).status_and_phase >> 1, 0);
  EXPECT_EQ(medium_bytes(0, 60 * 4096), xts(key, true, 0, unit, host_bytes(kData, 60 * 4096)));
  for (std::uint16_t i = 0; i < 60; ++i)
    put(io, on(Opcode::kRead, i * (4096 / unit), 4096 / unit, kBack + i * 4096u, i));
  ring_tail(1, io.tail);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(wait(io).status_and_phase >> 1, 0);
  EXPECT_EQ(host_bytes(kBack, 60 * 4096), host_bytes(kData, 60 * 4096));
}

// At no time is there anything else on the medium.
TEST_P(EncryptedVolumes, NoPlaintextPassesTheMedium) {
  const auto before = medium_bytes(8, 0x2000);
  const auto after = xts(key, true, 8, unit, host_bytes(kData, 0x2000));
  if (!GetParam().direct)
    static_cast<TestMedium&>(volume.medium()).on_write = [&](std::uint64_t, std::span<const std::byte> data) {
      EXPECT_TRUE(std::equal(data.begin(), data.end(), after.begin(), after.end()));
    };
  submit(io, on(Opcode::kWrite, 8, 0x2000 / unit, kData));
  unsigned changes = 0;
  std::vector<std::byte> last = before;
  for (int i = 0; i < 1000; ++i) {
    sc_core::sc_start(ns(10));
    const auto seen = medium_bytes(8, 0x2000);
    ASSERT_TRUE(seen == before || seen == after);
    if (seen != last) ++changes;
    last = seen;
  }
  EXPECT_EQ(changes, 1u);
}

// ---- Keys that are not there

struct Encrypted : EncryptedOn {
  using EncryptedOn::EncryptedOn;
  void expect_denied() {
    EXPECT_EQ(run(io, on(Opcode::kRead, 0, 16, kBack)), 0x4286);
    EXPECT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), 0x4286);
    SubmissionEntry durable = on(Opcode::kWrite, 0, 16, kData);
    durable.dw12 |= 1u << 30;
    EXPECT_EQ(run(io, durable), 0x4286);
    EXPECT_TRUE(nothing_read());
    EXPECT_TRUE(nothing_written());
    EXPECT_EQ(cipher.operations, 0u);
    EXPECT_EQ(run(io, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
  }
};

TEST_F(Encrypted, WithoutAKeyNothingMoves) {
  cipher.slots.clear();
  expect_denied();
  EXPECT_TRUE(cipher.reservations.empty());
  EXPECT_EQ(count("denied"), 3u);
  EXPECT_EQ(count("errors.access_denied"), 3u);
  EXPECT_EQ(firmware_count(control::offset::ERRORS), 3u);
  EXPECT_EQ(firmware_count(control::offset::MEDIA_ERRORS), 0u);
  EXPECT_EQ(firmware_count(control::offset::LAST_ERROR) >> 32, 0x4286u << 1);
  EXPECT_EQ(sim.stats.counter("volume.read_bytes", "").value(), 0u);
  cipher.slots[kSlot] = {key, 0};
  EXPECT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
}

TEST_F(Encrypted, AnothersKeyIsNone) {
  cipher.slots[kSlot].owner = 1;
  expect_denied();
}

TEST_F(Encrypted, AnotherSlotsKeyIsNone) {
  set_cipher(true, kSlot + 1);
  sc_core::sc_start(us(1));
  expect_denied();
}

TEST_F(Encrypted, OtherErrorsComeFirst) {
  cipher.slots.clear();
  EXPECT_EQ(run(io, on(Opcode::kRead, kVolumeBytes / 512, 1, kBack)), status::kLbaOutOfRange);
  SubmissionEntry other = on(Opcode::kRead, 0, 1, kBack);
  other.nsid = 2;
  EXPECT_EQ(run(io, other), status::kInvalidNamespace);
}

struct NoCipherHardware : Encrypted {
  NoCipherHardware() : Encrypted(512, false) {}
};
TEST_F(NoCipherHardware, EncryptedVolumesAreInaccessible) {
  expect_denied();
  set_cipher(false, 0);
  sc_core::sc_start(us(1));
  EXPECT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  EXPECT_EQ(medium_bytes(0, 8192), host_bytes(kData, 8192));
}

// ---- Keys that go while a command is in flight: 10 us at the medium, 1 us in the cipher

TEST_F(Encrypted, AKeyDestroyedUnderAReadGivesNothing) {
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  for (const double moment : {1.0, 5.0, 14.0}) {  // 14 us: in the cipher
    SCOPED_TRACE(moment);
    cipher.slots[kSlot] = {key, 0};
    submit(io, on(Opcode::kRead, 0, 16, kBack));
    sc_core::sc_start(us(moment));
    cipher.slots.clear();
    EXPECT_EQ(wait(io).status_and_phase >> 1, 0x4286);
    EXPECT_TRUE(nothing_read());
  }
}

TEST_F(Encrypted, AKeyDestroyedUnderAWriteStoresNothing) {
  // While its data is on the way:
  host.all_direct = host.answers_reads = false;
  submit(io, on(Opcode::kWrite, 0, 16, kData));
  run_until([this] { return !host.reads.empty(); });
  host.answer(0);  // the entry
  run_until([this] { return !host.reads.empty(); });
  cipher.slots.clear();
  host.answer(0);
  host.all_direct = host.answers_reads = true;
  EXPECT_EQ(wait(io).status_and_phase >> 1, 0x4286);
  EXPECT_TRUE(cipher.reservations.empty());
  // While it is in the cipher:
  cipher.slots[kSlot] = {key, 0};
  submit(io, on(Opcode::kWrite, 0, 16, kData));
  run_until([this] { return !cipher.reservations.empty(); });
  sc_core::sc_start(ns(500));
  cipher.slots.clear();
  EXPECT_EQ(wait(io).status_and_phase >> 1, 0x4286);
  EXPECT_TRUE(nothing_written());
  EXPECT_EQ(cipher.operations, 0u);
}

TEST_F(Encrypted, ADestroyedKeyMakesEverythingUnreadableAtOnce) {
  for (std::uint16_t i = 0; i < 32; ++i) put(io, on(Opcode::kWrite, i * 8u, 8, kData + i * 4096u, i));
  ring_tail(1, io.tail);
  for (int i = 0; i < 32; ++i) wait(io);
  for (std::uint16_t i = 0; i < 32; ++i) put(io, on(Opcode::kRead, i * 8u, 8, kBack + i * 4096u, i));
  ring_tail(1, io.tail);
  run_until([this] { return cipher.operations >= 40; });
  cipher.slots.clear();
  const auto given = host_bytes(kBack, 32 * 4096);
  unsigned good = 0;
  for (int i = 0; i < 32; ++i) good += wait(io).status_and_phase >> 1 == 0;
  EXPECT_EQ(good, cipher.operations - 32);
  EXPECT_LT(good, 32u);
  EXPECT_EQ(host_bytes(kBack, 32 * 4096), given);
}

// ---- The register

TEST_F(Encrypted, ResetsByTheHostKeepIt) {
  const auto still_encrypted = [this] {
    ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
    EXPECT_EQ(medium_bytes(0, 8192), xts(key, true, 0, 512, host_bytes(kData, 8192)));
    ASSERT_TRUE(volume.medium().write(0, std::vector<std::byte>(8192)));
  };
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  enable();
  io = create(1);
  still_encrypted();
  function_level_reset();
  sc_core::sc_start(us(5));
  start();
  io = create(1);
  still_encrypted();
  EXPECT_EQ(firmware.get(control::CIPHER_ENABLE, control::offset::CIPHER), 1u);
  engine.reset();  // of the card
  EXPECT_EQ(firmware.get(control::CIPHER_ENABLE, control::offset::CIPHER), 0u);
  sc_core::sc_start(us(5));
  set_bus_master(false);
  set_reg(0x14, 0);
  endpoint_core.write(0x0000, 0);
  sc_core::sc_start(us(5));
  start();
  io = create(1);
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  EXPECT_EQ(medium_bytes(0, 8192), host_bytes(kData, 8192));
}

// The firmware runs ahead of simulated time: what it writes acts when it gets there.
TEST_F(Encrypted, ItActsWhenTheFirmwareGetsThere) {
  set_cipher(false, 0, us(50));
  EXPECT_EQ(firmware.get(control::CIPHER_ENABLE, control::offset::CIPHER), 0u);
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  EXPECT_EQ(medium_bytes(0, 8192), xts(key, true, 0, 512, host_bytes(kData, 8192)));
  sc_core::sc_start(us(50));
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  EXPECT_EQ(medium_bytes(0, 8192), host_bytes(kData, 8192));
  // Every change happens, the last one is not all.
  set_cipher(true, kSlot, us(50));
  set_cipher(false, 0, us(100));
  sc_core::sc_start(us(60));
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  EXPECT_EQ(medium_bytes(0, 8192), xts(key, true, 0, 512, host_bytes(kData, 8192)));
}

TEST_F(Encrypted, AChangeUnderACommandDeniesIt) {
  cipher.slots[kSlot + 1] = {xts_key(2), 0};
  const auto change_under = [this](bool first, bool then, unsigned slot, Opcode opcode) {
    set_cipher(first, kSlot);
    sc_core::sc_start(us(1));
    submit(io, on(opcode, 0, 16, opcode == Opcode::kRead ? kBack : kData));
    sc_core::sc_start(ns(600));  // fetched, its data not there yet
    set_cipher(then, slot);
    EXPECT_EQ(wait(io).status_and_phase >> 1, 0x4286);
  };
  change_under(true, false, kSlot, Opcode::kRead);
  change_under(true, true, kSlot + 1, Opcode::kRead);
  change_under(false, true, kSlot, Opcode::kRead);
  EXPECT_TRUE(nothing_read());
  change_under(true, false, kSlot, Opcode::kWrite);
  change_under(true, true, kSlot + 1, Opcode::kWrite);
  EXPECT_TRUE(nothing_written());
  change_under(false, true, kSlot, Opcode::kWrite);
  for (const unsigned slot : {kSlot + 1, kSlot + 0}) {  // in the cipher: to another key, and to none
    set_cipher(true, kSlot);
    sc_core::sc_start(us(1));
    cipher.reservations.clear();
    submit(io, on(Opcode::kWrite, 0x100, 16, kData));
    run_until([this] { return !cipher.reservations.empty(); });
    set_cipher(slot != kSlot, slot);
    EXPECT_EQ(wait(io).status_and_phase >> 1, 0x4286);
  }
  EXPECT_EQ(cipher.operations, 0u);
}

// ---- Time and figures

TEST_F(Encrypted, TheCipherTakesItsTime) {
  cipher.latency = us(7);
  const auto latency = [this](const char* kind) {
    return static_cast<double>(sim.stats.histogram(std::string("nvme.fn0.") + kind + "_latency", "ps").max()) * 1e-6;
  };
  const double transfer = 4096 / 3e3;  // the volume's, at 3 GB/s
  const sc_core::sc_time begun = sim.scheduler.now();
  ASSERT_EQ(run(io, on(Opcode::kRead, 0, 8, kBack)), status::kSuccess);
  EXPECT_NEAR(latency("read"), 0.3 + transfer + 10 + 7, 0.01);
  ASSERT_EQ(cipher.reservations.size(), 1u);
  EXPECT_EQ(cipher.reservations[0].bytes, 4096u);
  EXPECT_GT(cipher.reservations[0].start - begun, us(0.3 + transfer + 10));  // behind the medium
  const sc_core::sc_time written = sim.scheduler.now();
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 8, kData)), status::kSuccess);
  EXPECT_GT(latency("write"), 0.3 + transfer + 5 + 7);
  EXPECT_LT(latency("write"), 0.3 + transfer + 5 + 7 + 1);  // and the link's for the data
  ASSERT_EQ(cipher.reservations.size(), 2u);
  EXPECT_LT(cipher.reservations[1].start - written, us(2));  // ahead of it
}

TEST_F(Encrypted, Figures) {
  ASSERT_EQ(run(io, on(Opcode::kWrite, 0, 16, kData)), status::kSuccess);
  ASSERT_EQ(run(io, on(Opcode::kRead, 0, 3, kBack)), status::kSuccess);
  EXPECT_EQ(count("encrypted_bytes"), 8192u);
  EXPECT_EQ(count("decrypted_bytes"), 1536u);
  EXPECT_EQ(count("read_bytes"), 1536u);
  EXPECT_EQ(count("denied"), 0u);
  set_cipher(false, 0);
  sc_core::sc_start(us(1));
  ASSERT_EQ(run(io, on(Opcode::kRead, 0, 3, kBack)), status::kSuccess);
  EXPECT_EQ(count("decrypted_bytes"), 1536u);
}

struct EncryptedOnTestMedium : Encrypted {
  EncryptedOnTestMedium() : Encrypted(512, true, std::make_unique<TestMedium>()) {}
  TestMedium& medium = static_cast<TestMedium&>(volume.medium());
};

TEST_F(EncryptedOnTestMedium, TheMediumsErrorsAreAsEver) {
  medium.fails = true;
  EXPECT_EQ(run(io, on(Opcode::kRead, 0, 8, kBack)), status::kUnrecoveredReadError);
  EXPECT_EQ(run(io, on(Opcode::kWrite, 0, 8, kData)), status::kWriteFault);
  EXPECT_TRUE(nothing_read());
  EXPECT_EQ(firmware_count(control::offset::MEDIA_ERRORS), 2u);
  medium.fails = false;
  medium.protects = true;
  EXPECT_EQ(run(io, on(Opcode::kWrite, 0, 8, kData)), status::kWriteProtected);
}

TEST_F(EncryptedOnTestMedium, ForceUnitAccessFlushes) {
  SubmissionEntry write = on(Opcode::kWrite, 0, 8, kData);
  write.dw12 |= 1u << 30;
  EXPECT_EQ(run(io, write), status::kSuccess);
  EXPECT_EQ(medium.flushes, 1);
}

}  // namespace
}  // namespace cardvp::nvme
