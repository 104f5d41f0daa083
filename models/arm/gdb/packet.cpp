#include "models/arm/gdb/packet.h"

#include <charconv>
#include <utility>

namespace cardvp::arm::gdb {
namespace {

constexpr char kEscape = '}';
constexpr char kFlip = 0x20;  // what an escaped character is changed by
constexpr char kInterruptByte = 3;

// A digit's value; above 15: it is none.
unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

// False: an escape without a character behind it.
bool unescape(std::string& data) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < data.size(); ++from) {
    char c = data[from];
    if (c == kEscape) {
      if (++from == data.size()) return false;
      c = static_cast<char>(data[from] ^ kFlip);
    }
    data[to++] = c;
  }
  data.resize(to);
  return true;
}

}  // namespace

std::string frame(std::string_view data) {
  std::string text = "$";
  std::uint8_t sum = 0;
  const auto put = [&](char c) {
    text += c;
    sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
  };
  for (const char c : data) {
    const bool special = c == '$' || c == '#' || c == kEscape || c == '*';
    if (special) put(kEscape);
    put(special ? static_cast<char>(c ^ kFlip) : c);
  }
  return text + fmt::format("#{:02x}", sum);
}

void PacketReader::feed(std::string_view bytes) {
  input_.erase(0, at_);
  at_ = 0;
  input_ += bytes;
}

std::optional<PacketReader::Event> PacketReader::next() {
  while (at_ < input_.size())
    if (std::optional<Event> event = take(input_[at_++])) return event;
  return std::nullopt;
}

std::optional<PacketReader::Event> PacketReader::take(char byte) {
  switch (state_) {
    case State::kOutside:
      if (byte == '+') return Event{Kind::kAcknowledged, {}};
      if (byte == '-') return Event{Kind::kRejected, {}};
      if (byte == kInterruptByte) return Event{Kind::kInterrupt, {}};
      break;
    case State::kData:
      if (byte == '#') {
        state_ = State::kFirstDigit;
      } else if (data_.size() == kMaxPacket) {
        intact_ = false;
      } else {
        data_ += byte;
        sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
      }
      break;
    case State::kFirstDigit:
    case State::kSecondDigit:
      if (digit(byte) > 15) intact_ = false;
      expected_ = static_cast<std::uint8_t>(expected_ << 4 | (digit(byte) & 15));
      if (state_ == State::kSecondDigit) return finish();
      state_ = State::kSecondDigit;
      return std::nullopt;
  }
  if (byte == '$') {  // also inside of data, where it is the start of another packet
    state_ = State::kData;
    data_.clear();
    sum_ = 0;
    expected_ = 0;
    intact_ = true;
  }
  return std::nullopt;
}

PacketReader::Event PacketReader::finish() {
  state_ = State::kOutside;
  if (!intact_ || sum_ != expected_ || !unescape(data_)) return {Kind::kBroken, {}};
  return {Kind::kPacket, std::move(data_)};
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

std::string to_hex(std::string_view text) { return to_hex(std::as_bytes(std::span(text))); }

std::optional<std::vector<std::byte>> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const unsigned high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high > 15 || low > 15) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return bytes;
}

bool Fields::skip(std::string_view prefix) {
  if (!rest_.starts_with(prefix)) return false;
  rest_.remove_prefix(prefix.size());
  return true;
}

void Fields::expect(std::string_view prefix) {
  if (!skip(prefix)) throw Malformed{};
}

std::uint64_t Fields::number() {
  std::uint64_t value = 0;
  constexpr int kBase = 16;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, kBase);
  if (error != std::errc{}) throw Malformed{};
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return value;
}

std::string_view Fields::until(char end) {
  const std::size_t size = rest_.find(end);
  const std::string_view field = rest_.substr(0, size);
  rest_.remove_prefix(size == std::string_view::npos ? rest_.size() : size + 1);
  return field;
}

}  // namespace cardvp::arm::gdb
