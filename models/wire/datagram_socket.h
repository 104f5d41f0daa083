// A datagram socket, UDP or Unix, with one peer. Nothing waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace cardvp::wire {

class DatagramSocket {
 public:
  // Of addresses as "127.0.0.1:4000" or "[::1]:4000"; only what comes from the peer is received. Of the names of two
  // sockets: the file of the own one is this user's alone, and removed at the end; who may write to it may send.
  // Both throw std::runtime_error, with remedy.
  static DatagramSocket udp(const std::string& listen, const std::string& peer);
  static DatagramSocket unix_domain(const std::string& listen, const std::string& peer);

  DatagramSocket(DatagramSocket&&) noexcept;
  ~DatagramSocket();

  // kNoPeer: nobody takes it; of UDP that is known, if at all, at the next call, and then it was an earlier one.
  enum class Result : std::uint8_t { kDone, kNothing, kNoPeer, kBusy, kFailed };
  Result send(std::span<const std::byte> datagram);
  // `datagram` is valid until the next call.
  Result receive(std::span<const std::byte>& datagram);

  // What a peer is to send to: the port is the one that was got for 0.
  std::string local() const;

 private:
  struct State;
  explicit DatagramSocket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cardvp::wire
