// The mathematics of the NIC engine, as interfaces: models/net does it (NetToeplitz, NetChecksum), and something else,
// an RTL block behind a bridge, can stand in its place. Functions of their arguments alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <systemc>

#include "models/net/checksum.h"
#include "models/net/crc32c.h"
#include "models/net/toeplitz.h"

namespace cardvp::nic {

// What was calculated.
struct Answer {
  std::uint32_t value = 0;
  bool valid = true;        // false: of hardware that is broken. `value` is what it gave, 0 if that is nothing
  sc_core::sc_time took{};  // beyond EnaConfig::packet_overhead, which is all that the model takes
};

// The Toeplitz hash of receive-side scaling.
class ToeplitzMath {
 public:
  virtual ~ToeplitzMath() = default;

  // A key made ready. Lives no longer than what made it.
  class Key {
   public:
    virtual ~Key() = default;
    // input: at most 36 bytes.
    virtual Answer hash(std::span<const std::uint8_t> input) = 0;
  };
  virtual std::unique_ptr<Key> make_key(std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) = 0;

  // Card reset. Keys stay.
  virtual void reset() {}
};

class ChecksumMath {
 public:
  virtual ~ChecksumMath() = default;

  // One's complement sum, as net::sum(), folded to 16 bits or not.
  virtual Answer sum(std::span<const std::byte> data, std::uint32_t initial) = 0;
  // As net::crc32c().
  virtual Answer crc32c(std::span<const std::uint8_t> data, std::uint32_t initial) = 0;

  virtual void reset() {}  // card reset
};

class NetToeplitz final : public ToeplitzMath {
 public:
  std::unique_ptr<Key> make_key(std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) override {
    return std::make_unique<Tables>(key);
  }

 private:
  struct Tables final : Key {
    explicit Tables(std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) : toeplitz(key) {}
    Answer hash(std::span<const std::uint8_t> input) override { return {.value = toeplitz.hash(input)}; }
    net::Toeplitz toeplitz;
  };
};

class NetChecksum final : public ChecksumMath {
 public:
  Answer sum(std::span<const std::byte> data, std::uint32_t initial) override {
    return {.value = net::sum(data, initial)};
  }
  Answer crc32c(std::span<const std::uint8_t> data, std::uint32_t initial) override {
    return {.value = net::crc32c(data, initial)};
  }
};

struct PacketMath {
  ToeplitzMath& toeplitz;
  ChecksumMath& checksum;
};

// The calculations for one packet, one after the other.
class TimedMath {
 public:
  explicit TimedMath(const PacketMath& math) : math_(math) {}

  Answer hash(ToeplitzMath::Key& key, std::span<const std::uint8_t> input) { return add(key.hash(input)); }
  Answer sum(std::span<const std::byte> data, std::uint32_t initial = 0) {
    return add(math_.checksum.sum(data, initial));
  }
  Answer crc32c(std::span<const std::uint8_t> data) { return add(math_.checksum.crc32c(data, 0)); }

  // All of them.
  sc_core::sc_time took() const { return took_; }

 private:
  Answer add(const Answer& answer) {
    took_ += answer.took;
    return answer;
  }

  const PacketMath& math_;
  sc_core::sc_time took_;
};

}  // namespace cardvp::nic
