#include "host/workload/dhcp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "host/workload/random.h"
#include "models/base/sync.h"
#include "models/net/build.h"
#include "models/net/parse.h"

namespace cardvp::host {

using sc_core::sc_time;

namespace {

// Offsets in a message (RFC 2131, 2); options follow the cookie (RFC 2132, 2).
constexpr std::size_t kXid = 4, kFlags = 10, kYourAddress = 16, kHardwareAddress = 28, kCookie = 236, kOptions = 240;
constexpr std::size_t kLeastBytes = 300;  // RFC 1542, 2.1
constexpr std::uint32_t kCookieValue = 0x63825363;
constexpr std::uint16_t kBroadcastFlag = 0x8000;
constexpr std::byte kRequestOp{1}, kReplyOp{2};

enum Option : std::uint8_t {
  kPad = 0,
  kMask = 1,
  kRouter = 3,
  kDns = 6,
  kMtu = 26,
  kRequested = 50,
  kLease = 51,
  kType = 53,
  kServer = 54,
  kParameters = 55,
  kEnd = 255,
};
enum Type : std::uint8_t { kDiscover = 1, kOffer = 2, kRequest = 3, kAck = 5, kNak = 6 };

struct Message {
  Type type{};
  net::IpAddress address;
  std::array<std::span<const std::byte>, 256> options{};

  std::optional<std::uint32_t> number(Option option) const {
    const auto value = options[option];
    return value.size() < 4 ? std::nullopt : std::optional(net::load32(value.data()));
  }
  net::IpAddress ip(Option option) const {
    const auto value = number(option);
    return value ? net::IpAddress::v4(*value) : net::IpAddress{};
  }
};

// Gives each of the server's messages to who waits.
class Client final : public ena::PacketSink {
 public:
  Client(ena::Driver& driver, std::uint32_t xid)
      : driver_(driver), scheduler_(driver.scheduler()), xid_(xid), arrived_(driver.scheduler()) {
    driver_.add_sink(*this);
  }
  ~Client() { driver_.remove_sink(*this); }

  // Sends until one of `answers` comes. The message's options are valid until the next call.
  Task<std::optional<Message>> exchange(std::vector<std::byte> frame, Type first, Type second,
                                        const DhcpConfig& config);
  std::vector<std::byte> frame(Type type, const Message* offer) const;

  bool receive(unsigned queue, const ena::RxPacket& packet) override;

 private:
  std::optional<Message> parse(std::span<const std::byte> frame);

  ena::Driver& driver_;
  Scheduler& scheduler_;
  std::uint32_t xid_;
  std::vector<std::byte> bytes_;  // of the last message
  std::optional<Message> last_;
  Trigger arrived_;
};

std::vector<std::byte> Client::frame(Type type, const Message* offer) const {
  std::vector<std::byte> message(kOptions);
  message[0] = kRequestOp;
  message[1] = std::byte{1};  // Ethernet,
  message[2] = std::byte{6};  // whose addresses have 6 bytes
  net::store32(&message[kXid], xid_);
  net::store16(&message[kFlags], kBroadcastFlag);
  net::store_mac(&message[kHardwareAddress], driver_.info().mac);
  net::store32(&message[kCookie], kCookieValue);
  const auto option = [&](Option code, std::span<const std::byte> value) {
    message.push_back(std::byte{code});
    message.push_back(static_cast<std::byte>(value.size()));
    message.insert(message.end(), value.begin(), value.end());
  };
  const auto number = [&](Option code, std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    net::store32(bytes.data(), value);
    option(code, bytes);
  };
  option(kType, std::array{std::byte{type}});
  if (offer) {
    number(kRequested, offer->address.v4_value());
    number(kServer, offer->ip(kServer).v4_value());
  }
  option(kParameters, std::array{std::byte{kMask}, std::byte{kRouter}, std::byte{kDns}, std::byte{kMtu}});
  message.push_back(std::byte{kEnd});
  message.resize(std::max(message.size(), kLeastBytes));

  net::FrameSpec spec;
  spec.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  spec.source = driver_.info().mac;
  spec.source_ip = net::IpAddress::v4(std::uint32_t{0});
  spec.destination_ip = net::IpAddress::v4(std::uint32_t{0xffffffff});
  spec.source_port = net::kPortDhcpClient;
  spec.destination_port = net::kPortDhcpServer;
  return net::build(spec, message);
}

// Options may be missing, cut off or of any length: what does not fit ends them.
std::optional<Message> Client::parse(std::span<const std::byte> frame) {
  const net::Parsed parsed = net::parse(frame);
  if (parsed.fault != net::Fault::kNone || !parsed.ipv4 || !parsed.udp()) return std::nullopt;
  if (net::load16(&frame[parsed.l4]) != net::kPortDhcpServer) return std::nullopt;
  if (net::load16(&frame[parsed.l4 + 2]) != net::kPortDhcpClient) return std::nullopt;
  const auto message = frame.first(parsed.end).subspan(parsed.payload);
  if (message.size() < kOptions || message[0] != kReplyOp || net::load32(&message[kXid]) != xid_ ||
      net::load_mac(&message[kHardwareAddress]) != driver_.info().mac || net::load32(&message[kCookie]) != kCookieValue)
    return std::nullopt;
  bytes_.assign(message.begin(), message.end());
  Message result;
  result.address = net::IpAddress::v4(net::load32(&bytes_[kYourAddress]));
  for (std::size_t at = kOptions; at < bytes_.size() && bytes_[at] != std::byte{kEnd};) {
    const auto code = std::to_integer<std::uint8_t>(bytes_[at]);
    if (code == kPad) {
      ++at;
      continue;
    }
    if (at + 1 >= bytes_.size()) break;
    const auto size = std::to_integer<std::size_t>(bytes_[at + 1]);
    if (size > bytes_.size() - at - 2) break;
    result.options[code] = std::span(bytes_).subspan(at + 2, size);
    at += 2 + size;
  }
  if (result.options[kType].size() != 1) return std::nullopt;
  result.type = static_cast<Type>(result.options[kType][0]);
  return result;
}

bool Client::receive(unsigned, const ena::RxPacket& packet) {
  auto message = parse(packet.frame);
  if (!message) return false;
  last_ = message;
  arrived_.notify();
  return true;
}

Task<std::optional<Message>> Client::exchange(std::vector<std::byte> frame, Type first, Type second,
                                              const DhcpConfig& config) {
  sc_time timeout = config.timeout;
  for (unsigned tries = 0; tries < config.tries; ++tries, timeout = 2 * timeout) {
    last_.reset();
    const ena::TxPacket packet{.frame = frame};
    if (!co_await driver_.transmit(0, packet)) co_return std::nullopt;
    const sc_time deadline = scheduler_.now() + timeout;
    TaskScope timer(scheduler_);
    timer.spawn([](Scheduler& s, Trigger& trigger, sc_time time) -> Task<> {
      co_await s.until(time);
      trigger.notify();
    }(scheduler_, arrived_, deadline));
    while (scheduler_.now() < deadline) {
      if (last_ && (last_->type == first || last_->type == second)) co_return last_;
      co_await arrived_;
    }
  }
  co_return std::nullopt;
}

}  // namespace

Task<DhcpLease> run_dhcp(ena::Driver& driver, DhcpConfig config) {
  DhcpLease lease;
  const sc_time start = driver.scheduler().now();
  if (!driver.running()) {
    lease.error = "the driver is not running";
    co_return lease;
  }
  Client client(driver, static_cast<std::uint32_t>(split_mix(config.seed)));
  const auto offer = co_await client.exchange(client.frame(kDiscover, nullptr), kOffer, kOffer, config);
  if (!offer || offer->address.v4_value() == 0 || !offer->number(kServer)) {
    lease.error = offer ? "the offer lacks address or server" : "no DHCP server offers an address";
    co_return lease;
  }
  const auto answer = co_await client.exchange(client.frame(kRequest, &*offer), kAck, kNak, config);
  if (!answer || answer->type == kNak) {
    lease.error = fmt::format("{} {}", offer->address.text(), answer ? "was refused" : "was offered, but not given");
    co_return lease;
  }
  lease.address = answer->address;
  const unsigned length = static_cast<unsigned>(std::countl_one(answer->number(kMask).value_or(0)));
  const std::uint32_t mask = length == 0 ? 0 : ~0u << (32 - length);
  lease.subnet = {net::IpAddress::v4(lease.address.v4_value() & mask), length};
  lease.router = answer->ip(kRouter);
  lease.server = answer->ip(kServer);
  const auto dns = answer->options[kDns];
  for (std::size_t at = 0; at + 4 <= dns.size(); at += 4)
    lease.dns.push_back(net::IpAddress::v4(net::load32(&dns[at])));
  if (answer->options[kMtu].size() == 2) lease.mtu = net::load16(answer->options[kMtu].data());
  lease.lease_seconds = answer->number(kLease).value_or(0);
  lease.elapsed = driver.scheduler().now() - start;
  co_return lease;
}

}  // namespace cardvp::host
