#include "models/nic/vpc/transit.h"

#include <algorithm>
#include <array>
#include <limits>

#include "models/net/headers.h"
#include "models/security/descriptor.h"

namespace cardvp::nic {
namespace {

// Firmware keeps four at most (epochs before, now and next, and a doubtful one); as many may be left of a firmware that
// was replaced.
constexpr std::size_t kReceivingOfPeer = 8;

std::array<std::byte, security::TransitCipher::kIvBytes> iv_of(std::uint32_t salt, std::uint64_t sequence) {
  std::array<std::byte, security::TransitCipher::kIvBytes> iv;
  for (unsigned i = 0; i < 4; ++i) iv[i] = static_cast<std::byte>(salt >> 8 * i);
  net::store64(&iv[4], sequence);
  return iv;
}

security::KeyReference key_of(const Transit::Association& association) {
  return {association.slot, SECURITY_OWNER_CARD};
}

}  // namespace

Transit::Transit(security::TransitCipher* cipher, FirmwareChannel& firmware, std::size_t peers)
    : cipher_(cipher), firmware_(firmware), peers_(peers) {}

void Transit::store_sending(const Association& association, std::uint64_t threshold) {
  Sending sending;
  static_cast<Association&>(sending) = association;
  sending.threshold = threshold;
  peers_[association.peer].sending = sending;
}

bool Transit::store_receiving(const Association& association, std::size_t window) {
  remove_receiving(association.spi);
  Peer& peer = peers_[association.peer];
  if (peer.receiving == kReceivingOfPeer) return false;
  receiving_.emplace(association.spi, Receiving(association, window));
  ++peer.receiving;
  return true;
}

bool Transit::remove_sending(std::uint16_t peer) {
  const bool had = peers_[peer].sending.has_value();
  peers_[peer].sending.reset();
  return had;
}

bool Transit::remove_receiving(std::uint32_t spi) {
  const auto found = receiving_.find(spi);
  if (found == receiving_.end()) return false;
  --peers_[found->second.peer].receiving;
  receiving_.erase(found);
  return true;
}

void Transit::remove_peer(std::uint16_t peer) {
  std::erase_if(receiving_, [peer](const auto& each) { return each.second.peer == peer; });
  peers_[peer] = {};
}

void Transit::reset() {
  receiving_.clear();
  std::fill(peers_.begin(), peers_.end(), Peer{});
  busy_until_ = sc_core::SC_ZERO_TIME;
}

std::optional<geneve::Transit> Transit::next(std::uint16_t peer) {
  std::optional<Sending>& sending = peers_[peer].sending;
  if (!cipher_ || !sending || sending->last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  ++sending->last;
  if (sending->last == sending->threshold) report(VPC_SA_EXHAUSTED, sending->spi, peer);
  return geneve::Transit{sending->spi, sending->last};
}

bool Transit::seal(std::uint16_t peer, const geneve::Transit& transit, std::span<const std::byte> additional,
                   std::span<std::byte> data, std::span<std::byte, geneve::kTagBytes> tag) {
  const Sending& sending = *peers_[peer].sending;
  const auto iv = iv_of(sending.salt, transit.sequence);
  return cipher_->seal(key_of(sending), iv, additional, data, tag) == Result::kOk;
}

Transit::Opened Transit::open(std::uint16_t peer, const geneve::Transit& transit, bool again,
                              std::span<const std::byte> additional, std::span<std::byte> data,
                              std::span<const std::byte, geneve::kTagBytes> tag, sc_core::sc_time now) {
  const auto found = receiving_.find(transit.spi);
  if (found == receiving_.end()) {
    if (peer != VPC_NO_PEER) report_unknown(transit.spi, peer, now);
    return {Drop::kUnknownAssociation};
  }
  Receiving& receiving = found->second;
  if (receiving.peer != peer) return {Drop::kWrongAssociation};
  const ReplayWindow::State state = receiving.window.state(transit.sequence);
  if (state == ReplayWindow::State::kOld || (state == ReplayWindow::State::kSeen && !again)) return {Drop::kReplayed};
  if (!cipher_) return {Drop::kNoKey};
  const auto iv = iv_of(receiving.salt, transit.sequence);
  const Result result = cipher_->open(key_of(receiving), iv, additional, data, tag);
  if (result != Result::kOk) return {result == Result::kForged ? Drop::kForged : Drop::kNoKey};
  if (state == ReplayWindow::State::kSeen) return {std::nullopt, true};
  receiving.window.mark(transit.sequence);
  if (!receiving.used) report(VPC_SA_FIRST_USE, transit.spi, peer);
  receiving.used = true;
  return {};
}

std::optional<sc_core::sc_time> Transit::reserve(std::size_t bytes, sc_core::sc_time start, sc_core::sc_time now) {
  if (!cipher_ || busy_until_ > now + kMostBehind) return std::nullopt;
  const sc_core::sc_time end = cipher_->reserve_transit(bytes, start);
  busy_until_ = std::max(busy_until_, end);
  return end;
}

sc_core::sc_time Transit::done(sc_core::sc_time reserved) {
  const sc_core::sc_time end = cipher_->done_in_transit(reserved);
  busy_until_ = std::max(busy_until_, end);
  return end;
}

void Transit::report(vpc_sa_event event, std::uint32_t spi, std::uint16_t peer) {
  vpc_message_sa message{};
  message.header = {VPC_MESSAGE_SA, 0, spi};
  message.event = static_cast<std::uint16_t>(event);
  message.peer = peer;
  firmware_.send(message);
}

void Transit::report_unknown(std::uint32_t spi, std::uint16_t peer, sc_core::sc_time now) {
  Unknown& last = peers_[peer].unknown;
  if (last.sent && (now < last.at + kUnknownInterval || firmware_.taken() < last.number)) return;
  report(VPC_SA_UNKNOWN, spi, peer);
  last = {true, firmware_.sent(), now};
}

}  // namespace cardvp::nic
