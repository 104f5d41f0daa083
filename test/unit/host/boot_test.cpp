#include "host/boot.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstring>
#include <optional>

#include "firmware/sdk/include/image.h"

namespace cardvp::host {
namespace {

using sc_core::sc_time;

// Like the card's gate: nothing can be read while the host is held.
struct FakeFlash : BootFlashPort {
  std::vector<std::byte> bytes = std::vector<std::byte>(64 * 1024, std::byte{0xff});
  const Line* held = nullptr;
  std::uint64_t broken_from = ~0ull;
  std::uint64_t size() const override { return bytes.size(); }
  bool read(std::uint64_t offset, std::span<std::byte> to) override {
    if (held->level() || offset + to.size() > broken_from || offset > bytes.size() || to.size() > bytes.size() - offset)
      return false;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
    return true;
  }
  bool write(std::uint64_t, std::span<const std::byte>) override { return false; }
};

struct HostBoot : testing::Test {
  Sim sim;
  FakeFlash flash;
  Line reset;
  Boot boot{"boot", sim};

  void SetUp() override {
    reset.set(true);
    flash.held = &reset;
    boot.connect(flash, reset);
    sc_core::sc_start({1, sc_core::SC_US});
  }
  image_header header(std::uint32_t body_bytes) {
    image_header made{};
    made.magic = IMAGE_MAGIC;
    made.kind = IMAGE_HOST_BOOT;
    made.size = sizeof made;
    made.body_size = body_bytes;
    return made;
  }
  void put(const image_header& made) { std::memcpy(flash.bytes.data(), &made, sizeof made); }
  void run() { sc_core::sc_start({100, sc_core::SC_MS}); }
};

TEST_F(HostBoot, NothingHappensWhileTheHostIsHeld) {
  put(header(10'000));
  run();
  EXPECT_TRUE(boot.held());
  EXPECT_FALSE(boot.started());
  EXPECT_FALSE(boot.released_time());
  EXPECT_EQ(boot.image_digest(), "");
}

TEST_F(HostBoot, ReadsItsImageAndSaysItsDigest) {
  put(header(10'000));
  const sc_time released = sim.scheduler.now();
  reset.set(false);
  EXPECT_FALSE(boot.started());  // that takes time
  run();
  EXPECT_TRUE(boot.started());
  EXPECT_EQ(boot.released_time(), released);
  EXPECT_EQ(boot.image_bytes(), 10'000 + sizeof(image_header));
  unsigned char digest[48];
  ASSERT_EQ(EVP_Digest(flash.bytes.data(), 10'000 + sizeof(image_header), digest, nullptr, EVP_sha384(), nullptr), 1);
  std::string text;
  for (const unsigned byte : digest) text += fmt::format("{:02x}", byte);
  EXPECT_EQ(boot.image_digest(), text);
}

TEST_F(HostBoot, AnImageSmallerThanAReadHasItsOwnDigest) {
  put(header(100));
  reset.set(false);
  run();
  EXPECT_TRUE(boot.started());
  EXPECT_EQ(boot.image_bytes(), 100 + sizeof(image_header));
}

TEST_F(HostBoot, DoesNotStartWithoutAnImage) {
  reset.set(false);
  run();
  EXPECT_FALSE(boot.started());
  EXPECT_EQ(boot.error(), "no boot image in the flash");
}

TEST_F(HostBoot, DoesNotReadBeyondTheFlash) {
  put(header(0xfffffff0));
  reset.set(false);
  sc_core::sc_start({100, sc_core::SC_US});  // told by the header alone
  EXPECT_FALSE(boot.started());
  EXPECT_NE(boot.error(), "");
}

TEST_F(HostBoot, AFlashThatFailsStartsNothing) {
  put(header(20'000));
  flash.broken_from = 10'000;
  reset.set(false);
  run();
  EXPECT_FALSE(boot.started());
  EXPECT_NE(boot.error(), "");
}

TEST_F(HostBoot, AResetOnTheWayHoldsItAgain) {
  put(header(60'000));
  reset.set(false);
  sc_core::sc_start({100, sc_core::SC_US});
  EXPECT_FALSE(boot.started());
  reset.set(true);
  run();
  EXPECT_FALSE(boot.started());
  EXPECT_TRUE(boot.held());
  EXPECT_EQ(boot.error(), "");
  reset.set(false);
  run();
  EXPECT_TRUE(boot.started());
}

}  // namespace
}  // namespace cardvp::host
