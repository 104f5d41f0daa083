#include "models/nic/transport/header.h"

#include "models/net/headers.h"

namespace cardvp::nic::transport {

using net::load16;
using net::load32;
using net::load64;
using net::store16;
using net::store32;
using net::store64;

namespace {

constexpr std::byte kTypeData{1};
constexpr std::byte kTypeAck{2};

Data decode_data(const std::byte* at) {
  return {.stream = load32(at + 4), .receiver = load32(at + 8), .sequence = load32(at + 12), .after = load16(at + 2)};
}

Ack decode_ack(const std::byte* at, unsigned arrivals) {
  Ack ack{.receiver = load32(at + 4), .stream = load32(at + 8), .next = load32(at + 12), .map_base = load16(at + 2)};
  for (std::size_t i = 0; i < ack.map.size(); ++i) ack.map[i] = load64(at + 16 + 8 * i);
  ack.arrivals = arrivals;
  for (unsigned i = 0; i < arrivals; ++i) {
    const std::byte* const entry = at + kAckBytes + i * kArrivalBytes;
    ack.arrival[i] = {.sequence = load16(entry), .age = load16(entry + 2)};
  }
  return ack;
}

}  // namespace

EncodedOption::EncodedOption(const Data& data) : size_(kDataBytes) {
  bytes_[0] = kTypeData;
  store16(&bytes_[2], data.after);
  store32(&bytes_[4], data.stream);
  store32(&bytes_[8], data.receiver);
  store32(&bytes_[12], data.sequence);
}

EncodedOption::EncodedOption(const Ack& ack) : size_(kAckBytes + ack.arrivals * kArrivalBytes) {
  bytes_[0] = kTypeAck;
  bytes_[1] = static_cast<std::byte>(ack.arrivals);
  store16(&bytes_[2], ack.map_base);
  store32(&bytes_[4], ack.receiver);
  store32(&bytes_[8], ack.stream);
  store32(&bytes_[12], ack.next);
  for (std::size_t i = 0; i < ack.map.size(); ++i) store64(&bytes_[16 + 8 * i], ack.map[i]);
  for (unsigned i = 0; i < ack.arrivals; ++i) {
    std::byte* const entry = &bytes_[kAckBytes + i * kArrivalBytes];
    store16(entry, ack.arrival[i].sequence);
    store16(entry + 2, ack.arrival[i].age);
  }
}

std::variant<std::monostate, Data, Ack> decode(std::span<const std::byte> option) {
  if (option.size() < kDataBytes) return {};
  if (option[0] == kTypeData && option.size() == kDataBytes) return decode_data(option.data());
  const unsigned arrivals = std::to_integer<unsigned>(option[1]);
  if (option[0] == kTypeAck && arrivals <= kMostArrivals && option.size() == kAckBytes + arrivals * kArrivalBytes)
    return decode_ack(option.data(), arrivals);
  return {};
}

}  // namespace cardvp::nic::transport
