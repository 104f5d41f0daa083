#include "models/wire/user_network.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <libslirp.h>

#include "models/net/parse.h"

namespace cardvp::wire {

namespace {

constexpr std::uint64_t kErrorsLogged = 8;

constexpr std::array<std::pair<int, short>, 5> kEvents{{{SLIRP_POLL_IN, POLLIN},
                                                        {SLIRP_POLL_OUT, POLLOUT},
                                                        {SLIRP_POLL_PRI, POLLPRI},
                                                        {SLIRP_POLL_ERR, POLLERR},
                                                        {SLIRP_POLL_HUP, POLLHUP}}};

in_addr host_of(std::uint32_t network, std::uint32_t number) { return {htonl(network + number)}; }

SlirpConfig slirp_config(const std::string& network) {
  // libslirp gives out 16 addresses from the network's 15th on.
  constexpr unsigned kLeastLength = 8, kMostLength = 27;
  const auto prefix = net::Prefix::parse(network);
  if (!prefix || !prefix->address.is_v4() || prefix->length < kLeastLength || prefix->length > kMostLength)
    throw std::runtime_error(fmt::format("user network {}: no IPv4 network of length {} to {}; write it as 10.0.2.0/24",
                                         network, kLeastLength, kMostLength));
  const std::uint32_t base = prefix->address.v4_value();
  SlirpConfig config{};
  config.version = 1;  // of the fields that are used
  config.in_enabled = true;
  config.vnetwork = host_of(base, 0);
  config.vnetmask = {htonl(~std::uint32_t{0} << (32 - prefix->length))};
  config.vhost = host_of(base, 2);
  config.vnameserver = host_of(base, 3);
  config.vdhcp_start = host_of(base, 15);
  config.vhostname = "cardvp";
  return config;
}

}  // namespace

struct UserNetwork::Callbacks {
  static UserNetwork& of(void* opaque) { return *static_cast<UserNetwork*>(opaque); }

  static ssize_t send_packet(const void* data, std::size_t size, void* opaque) {
    UserNetwork& self = of(opaque);
    if (self.port_free())
      self.take({static_cast<const std::byte*>(data), size});
    else
      self.drop("port_busy");  // its peers send again
    return static_cast<ssize_t>(size);
  }
  static void guest_error(const char* message, void* opaque) {
    UserNetwork& self = of(opaque);
    self.guest_errors_.add();
    if (self.guest_errors_.value() <= kErrorsLogged) self.log_.warning(message);
  }
  static std::int64_t clock_get_ns(void* opaque) {
    return static_cast<std::int64_t>(of(opaque).now().to_seconds() * 1e9);
  }
  // Timers are for router advertisements, of IPv6, which is off.
  static void* timer_new(SlirpTimerCb, void*, void*) { return nullptr; }
  static void timer_free(void*, void*) {}
  static void timer_mod(void*, std::int64_t, void*) {}
  static void poll_fd(int, void*) {}
  static void notify(void*) {}  // poll() comes anyway

  static int add_poll(int file, int events, void* opaque) {
    pollfd socket{file, 0, 0};
    for (const auto& [theirs, ours] : kEvents)
      if (events & theirs) socket.events = static_cast<short>(socket.events | ours);
    of(opaque).sockets_.push_back(socket);
    return static_cast<int>(of(opaque).sockets_.size() - 1);
  }
  static int get_revents(int index, void* opaque) {
    int events = 0;
    for (const auto& [theirs, ours] : kEvents)
      if (of(opaque).sockets_[static_cast<std::size_t>(index)].revents & ours) events |= theirs;
    return events;
  }

  static constexpr SlirpCb table() {
    SlirpCb table{};
    table.send_packet = send_packet;
    table.guest_error = guest_error;
    table.clock_get_ns = clock_get_ns;
    table.timer_new = timer_new;
    table.timer_free = timer_free;
    table.timer_mod = timer_mod;
    table.register_poll_fd = poll_fd;
    table.unregister_poll_fd = poll_fd;
    table.notify = notify;
    return table;
  }
};

UserNetwork::UserNetwork(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port,
                         FramePool& frames)
    : Attachment(name, sim, port, frames), guest_errors_(counter("guest_errors", "errors")) {
  static constexpr SlirpCb kCallbacks = Callbacks::table();
  const SlirpConfig slirp = slirp_config(config.network);
  slirp_ = slirp_new(&slirp, &kCallbacks, this);
  if (!slirp_) throw std::runtime_error(fmt::format("user network {}: libslirp refuses it", config.network));
  port_.connect(*this);
}

UserNetwork::~UserNetwork() { slirp_cleanup(slirp_); }

void UserNetwork::poll() {
  if (!port_free()) return;  // what comes waits in the sockets
  std::uint32_t timeout = 0;
  sockets_.clear();
  slirp_pollfds_fill(slirp_, &timeout, Callbacks::add_poll, this);
  const int result = ::poll(sockets_.data(), sockets_.size(), 0);
  slirp_pollfds_poll(slirp_, result < 0, Callbacks::get_revents, this);
}

// libslirp is spared what is malformed.
void UserNetwork::receive(FramePtr frame, sc_core::sc_time /*at*/) {
  const net::Parsed parsed = net::parse(frame->bytes(), net::Checks::kIpChecksum);
  if (parsed.fault != net::Fault::kNone) return drop(net::name_of(parsed.fault));
  slirp_input(slirp_, reinterpret_cast<const std::uint8_t*>(frame->data()), static_cast<int>(frame->size()));
}

}  // namespace cardvp::wire
