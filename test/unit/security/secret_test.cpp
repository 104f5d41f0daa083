// Where key bytes are in this process's memory: a copy anywhere that a core dump has is found.
#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <cstring>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "models/security/random.h"
#include "models/security/secret.h"
#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

struct Range {
  std::uint64_t first, last;
  bool dumped;  // a core dump has it
};

// What can be read and written, from /proc/self/smaps. Without what is too large to be anything but the shadow memory
// of a sanitizer.
std::vector<Range> memory_of_process() {
  constexpr std::uint64_t kShadow = std::uint64_t{4} << 30;
  std::vector<Range> all;
  std::ifstream maps("/proc/self/smaps");
  bool writable = false;
  std::uint64_t first = 0, last = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0, to = 0;
    char dash = 0;
    std::string access;
    if (std::istringstream(line) >> std::hex >> from >> dash >> to >> access && dash == '-' && access.size() == 4) {
      first = from, last = to;
      writable = access.starts_with("rw");
    }
    if (line.starts_with("VmFlags:") && writable && last - first < kShadow)
      all.push_back({first, last, (line + " ").find(" dd ") == std::string::npos});
  }
  return all;
}

// The part of a range from `at` on that has memory behind it, at most `most` bytes; empty at the range's end.
Range present(int pagemap, const Range& range, std::uint64_t at, std::uint64_t most) {
  constexpr std::uint64_t kPage = 4096, kThere = std::uint64_t{3} << 62;  // present, or swapped out
  const auto there = [&](std::uint64_t address) {
    std::uint64_t entry = 0;
    return ::pread(pagemap, &entry, sizeof entry, static_cast<off_t>(address / kPage * sizeof entry)) == sizeof entry &&
           (entry & kThere) != 0;
  };
  while (at < range.last && !there(at)) at = at / kPage * kPage + kPage;
  std::uint64_t end = at;
  while (end < range.last && end - at < most && there(end)) end = end / kPage * kPage + kPage;
  return {at, std::min({end, range.last, at + most}), range.dumped};
}

struct Found {
  std::size_t dumped = 0;
  std::size_t hidden = 0;
};

// Any 16 bytes in a row of `key`, at its multiples of 16. What searches keeps nothing that could be found: the key and
// the buffer are outside of what is searched.
Found search(const SecretMemory& key) {
  const SecretMemory buffer(1 << 20);
  const auto within = [](const SecretMemory& memory, std::uint64_t at) {
    const auto base = reinterpret_cast<std::uint64_t>(memory.bytes().data());
    return at >= base && at < base + (memory.bytes().size() + 4095) / 4096 * 4096;
  };
  Found found;
  const int memory = ::open("/proc/self/mem", O_RDONLY), pagemap = ::open("/proc/self/pagemap", O_RDONLY);
  EXPECT_TRUE(memory >= 0 && pagemap >= 0);
  for (const Range& range : memory_of_process()) {
    for (std::uint64_t at = range.first; at < range.last;) {
      const Range part = present(pagemap, range, at, buffer.bytes().size());
      const std::size_t size = part.last - part.first;
      if (::pread(memory, buffer.bytes().data(), size, static_cast<off_t>(part.first)) != static_cast<ssize_t>(size))
        ADD_FAILURE() << "memory that cannot be read";
      for (std::size_t piece = 0; piece + 16 <= key.bytes().size(); piece += 16) {
        const std::byte* hit = buffer.bytes().data();
        const std::byte* const end = hit + size;
        for (; (hit = static_cast<const std::byte*>(
                    ::memmem(hit, static_cast<std::size_t>(end - hit), key.bytes().data() + piece, 16)));
             ++hit) {
          const std::uint64_t place = part.first + static_cast<std::uint64_t>(hit - buffer.bytes().data());
          if (!within(buffer, place) && !within(key, place)) ++(range.dumped ? found.dumped : found.hidden);
        }
      }
      // Pieces at the border of two parts are seen whole.
      at = size == buffer.bytes().size() ? part.last - 15 : std::max(part.last, at + 1);
    }
  }
  ::close(memory);
  ::close(pagemap);
  return found;
}

// Before any test uses OpenSSL.
const bool kExcluded = exclude_openssl_from_dumps();

struct SecretTest : testing::Test {
  SecurityMachine machine;
  const SecretMemory key{64};
  std::unique_ptr<Random> generator;  // as the engine's

  void SetUp() override { ASSERT_TRUE(kExcluded) << "OpenSSL was in use already"; }
  // The next key of the engine's generator, in `key` and nowhere else.
  void predict() {
    if (!generator) generator = Random::of_seed(*make_openssl_crypto(), derive_seed(1, "engine"));
    generator->generate(key.bytes());
  }
  void generate(unsigned slot, unsigned purpose) {
    security_descriptor descriptor = generate_descriptor(slot, 64, purpose);
    ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
    predict();
  }
  Found look() const { return search(key); }
};

TEST_F(SecretTest, TheSearchFindsWhatIsThere) {
  predict();
  EXPECT_EQ(look().dumped + look().hidden, 0u);
  std::vector<std::byte> copy(key.bytes().begin() + 16, key.bytes().begin() + 32);
  EXPECT_EQ(look().dumped, 1u);
  const SecretMemory hidden(4096);
  std::copy(copy.begin(), copy.end(), hidden.bytes().begin() + 7);
  EXPECT_EQ(look().dumped, 1u);
  EXPECT_EQ(look().hidden, 1u);
  std::fill(copy.begin(), copy.end(), std::byte{});
  EXPECT_EQ(look().dumped, 0u);
}

TEST_F(SecretTest, WhatOpenSslFreesIsZeroised) {
  predict();
  for (const std::size_t size : {64u, 100u, 5000u, 200'000u}) {  // one with pages of its own
    auto* block = static_cast<std::byte*>(OPENSSL_malloc(size));
    std::copy(key.bytes().begin(), key.bytes().end(), block + size - 64);
    EXPECT_EQ(look().hidden, 4u);
    block = static_cast<std::byte*>(OPENSSL_realloc(block, 3 * size));
    std::copy(key.bytes().begin(), key.bytes().end(), block + 2 * size);
    EXPECT_EQ(look().hidden, 8u);
    EXPECT_EQ(look().dumped, 0u);
    OPENSSL_free(block);
    EXPECT_EQ(look().hidden, 0u);
  }
  EXPECT_EQ(OPENSSL_malloc(~std::size_t{0}), nullptr);
}

TEST_F(SecretTest, KeysAreNowhereInACoreDump) {
  generate(20, SECURITY_FOR_XTS | SECURITY_FOR_HMAC | SECURITY_FOR_DERIVE | SECURITY_FOR_EXPORT);
  EXPECT_EQ(look().hidden, 4u);  // the slot
  EXPECT_EQ(look().dumped, 0u);
  security_descriptor xts = xts_descriptor(20, 8192, 512);
  ASSERT_EQ(machine.run(xts), SECURITY_OK);
  Bytes data(4096);
  ASSERT_TRUE(machine.engine.apply({20, SECURITY_OWNER_CARD}, CipherDirection::kDecrypt, 3, 4096,
                                   std::as_bytes(std::span(data)), std::as_writable_bytes(std::span(data))));
  security_descriptor hmac = hmac_descriptor(20, 100);
  ASSERT_EQ(machine.run(hmac), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(32, 1), SECURITY_FOR_WRAP), SECURITY_OK);
  security_descriptor wrap = wrap_descriptor(20, 21);
  ASSERT_EQ(machine.run(wrap), SECURITY_OK);
  EXPECT_GT(look().hidden, 4u);  // expanded keys begin with the keys
  EXPECT_EQ(look().dumped, 0u);
}

TEST_F(SecretTest, DestroyedKeysAreNowhereAtAll) {
  for (const int how : {0, 1, 2, 3}) {
    generate(20, SECURITY_FOR_XTS);
    security_descriptor xts = xts_descriptor(20, 8192, 4096);
    ASSERT_EQ(machine.run(xts), SECURITY_OK);
    EXPECT_GT(look().hidden, 4u);
    switch (how) {
      case 0: machine.set(offset::SLOT_DESTROY, 20); break;
      case 1: machine.set(offset::OWNER_DESTROY, SECURITY_OWNER_CARD); break;
      case 2: machine.engine.reset(); break;
      default: machine.engine.tamper(); break;
    }
    EXPECT_EQ(look().hidden, 0u) << how;
    EXPECT_EQ(look().dumped, 0u) << how;
  }
}

}  // namespace
}  // namespace cardvp::security
