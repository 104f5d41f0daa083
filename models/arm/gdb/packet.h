// Framing of the GDB remote serial protocol (GDB manual, "Remote Protocol: Overview"): $data#checksum,
// acknowledgements, the interrupt byte; and the hexadecimal that data is written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardvp::arm::gdb {

inline constexpr std::size_t kMaxPacket = 0x4000;  // characters between $ and #, in both directions

// As it goes over the line.
std::string frame(std::string_view data);

// Takes apart what comes over the line, in pieces of any size. Whatever comes, it needs no more than one packet's
// memory beyond the last piece.
class PacketReader {
 public:
  enum class Kind : std::uint8_t { kPacket, kBroken, kAcknowledged, kRejected, kInterrupt };
  struct Event {
    Kind kind;
    std::string data;  // kPacket
  };

  void feed(std::string_view bytes);
  std::optional<Event> next();

 private:
  enum class State : std::uint8_t { kOutside, kData, kFirstDigit, kSecondDigit };

  std::optional<Event> take(char byte);
  Event finish();

  std::string input_;
  std::size_t at_ = 0;
  State state_ = State::kOutside;
  std::string data_;  // escaped
  bool intact_ = true;
  std::uint8_t sum_ = 0;
  std::uint8_t expected_ = 0;
};

std::string to_hex(std::span<const std::byte> bytes);
std::string to_hex(std::string_view text);
// Nothing: it is not pairs of digits.
std::optional<std::vector<std::byte>> from_hex(std::string_view digits);

// A packet's fields, from left to right.
class Fields {
 public:
  struct Malformed {};  // thrown

  explicit Fields(std::string_view text) : rest_(text) {}

  bool skip(std::string_view prefix);
  void expect(std::string_view prefix);
  std::uint64_t number();            // hexadecimal
  std::string_view until(char end);  // takes `end` as well, which may be missing
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace cardvp::arm::gdb
