// Encryption between cards: security associations, sequence numbers, the replay window, and the security engine's time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "models/nic/messages.h"
#include "models/nic/vpc/firmware_channel.h"
#include "models/nic/vpc/geneve.h"
#include "models/nic/vpc/replay_window.h"
#include "models/security/transit_cipher.h"

namespace cardvp::nic {

class Transit {
 public:
  // Of the replay window. The multipath transport sends a lost packet again as it was, behind all that its window let
  // through meanwhile, acknowledgements included.
  static constexpr std::size_t kWindow = 1024;
  static constexpr std::size_t kMultipathWindow = 32768;
  // The lanes may be behind by so much; what comes then is dropped.
  static inline const sc_core::sc_time kMostBehind{1, sc_core::SC_MS};
  // Between two messages about unknown SPIs of a peer.
  static inline const sc_core::sc_time kUnknownInterval{1, sc_core::SC_MS};

  // `cipher`: may be null.
  Transit(security::TransitCipher* cipher, FirmwareChannel& firmware, std::size_t peers);

  struct Association {
    std::uint32_t spi = 0;
    std::uint16_t peer = 0;
    std::uint16_t slot = 0;
    std::uint32_t salt = 0;  // as SA_SALT: the IV's first byte lowest
  };
  // The peer exists. It replaces the one before.
  void store_sending(const Association& association, std::uint64_t threshold);
  // False: there is no room for another one.
  bool store_receiving(const Association& association, std::size_t window);
  bool remove_sending(std::uint16_t peer);
  bool remove_receiving(std::uint32_t spi);
  void remove_peer(std::uint16_t peer);
  void reset();

  // The next sequence number for a peer; nothing without an association, or if its numbers are used up.
  std::optional<geneve::Transit> next(std::uint16_t peer);
  // Encrypts, in place, what next() numbered; false without a key.
  bool seal(std::uint16_t peer, const geneve::Transit& transit, std::span<const std::byte> additional,
            std::span<std::byte> data, std::span<std::byte, geneve::kTagBytes> tag);

  struct Opened {
    std::optional<Drop> drop;
    bool replayed = false;  // authentic, but seen before: only with `again`
  };
  // Decrypts in place. `again`: packets that were seen before are wanted too.
  Opened open(std::uint16_t peer, const geneve::Transit& transit, bool again, std::span<const std::byte> additional,
              std::span<std::byte> data, std::span<const std::byte, geneve::kTagBytes> tag, sc_core::sc_time now);

  // When the engine is done with so much; nothing if it is too far behind.
  std::optional<sc_core::sc_time> reserve(std::size_t bytes, sc_core::sc_time start, sc_core::sc_time now);
  // The same, known better behind seal() or open().
  sc_core::sc_time done(sc_core::sc_time reserved);

 private:
  using Result = security::TransitCipher::Result;
  struct Sending : Association {
    std::uint64_t last = 0;  // sequence number
    std::uint64_t threshold = 0;
  };
  struct Receiving : Association {
    Receiving(const Association& association, std::size_t packets) : Association(association), window(packets) {}
    ReplayWindow window;
    bool used = false;
  };
  struct Unknown {  // the last message about an unknown SPI of a peer
    bool sent = false;
    std::uint64_t number = 0;  // of the messages sent
    sc_core::sc_time at;
  };
  struct Peer {
    std::optional<Sending> sending;
    std::size_t receiving = 0;
    Unknown unknown;
  };

  void report(vpc_sa_event event, std::uint32_t spi, std::uint16_t peer);
  void report_unknown(std::uint32_t spi, std::uint16_t peer, sc_core::sc_time now);

  security::TransitCipher* cipher_;
  FirmwareChannel& firmware_;
  std::vector<Peer> peers_;
  std::unordered_map<std::uint32_t, Receiving> receiving_;  // by SPI; never walked where order shows
  sc_core::sc_time busy_until_;
};

}  // namespace cardvp::nic
