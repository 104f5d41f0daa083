// Sockets to other processes.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "models/wire/datagram_attachment.h"
#include "test/unit/wire/descriptor.h"
#include "test/unit/wire/fake_port.h"
#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;

struct Udp : Descriptor {
  explicit Udp(std::uint16_t wanted = 0) : Descriptor(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in any = address(wanted);
    EXPECT_EQ(::bind(file, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    socklen_t size = sizeof any;
    ::getsockname(file, reinterpret_cast<sockaddr*>(&any), &size);
    port = ntohs(any.sin_port);
  }
  static sockaddr_in address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  std::string text() const { return "127.0.0.1:" + std::to_string(port); }
  void send(const std::string& to, const Bytes& bytes) const {
    const sockaddr_in peer = address(static_cast<std::uint16_t>(std::stoi(to.substr(to.rfind(':') + 1))));
    EXPECT_EQ(::sendto(file, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer),
              static_cast<ssize_t>(bytes.size()));
  }
  std::uint16_t port = 0;
};

struct Unix : Descriptor {
  explicit Unix(const std::string& path) : Descriptor(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    const sockaddr_un own = address(path);
    EXPECT_EQ(::bind(file, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
  }
  static sockaddr_un address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  ssize_t send(const std::string& to, const Bytes& bytes) const {
    const sockaddr_un peer = address(to);
    return ::sendto(file, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  }
};

AttachmentConfig socket_config(AttachmentConfig::Type type, std::string listen, std::string peer) {
  AttachmentConfig config;
  config.type = type;
  config.name = "peer";
  config.listen = std::move(listen);
  config.peer = std::move(peer);
  return config;
}

struct Sockets : WireBench {
  std::uint64_t drops(const std::string& reason) { return sim.stats.counter("peer.drops." + reason, "frames").value(); }
  DatagramAttachment attach(AttachmentConfig::Type type, const std::string& listen, const std::string& peer) {
    return {"peer", sim, socket_config(type, listen, peer), port, frames};
  }
  void give(const Bytes& frame) { port.client->receive(frames.make(frame), sc_core::sc_time_stamp()); }
  template <class Make>
  static std::string problem(const Make& make) {
    try {
      make();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }

  FakePort port{sim};
};
constexpr auto kUdp = AttachmentConfig::Type::kUdp;
constexpr auto kUnix = AttachmentConfig::Type::kUnix;

TEST_F(Sockets, UdpBothWays) {
  const Udp peer;
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", peer.text());
  EXPECT_TRUE(attachment.external());
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 0u);
  peer.send(attachment.local(), frame_of(7, 0, 60));
  peer.send(attachment.local(), frame_of(7, 0, 9000));
  attachment.poll();
  EXPECT_EQ(port.sent, (Frames{frame_of(7, 0, 60), frame_of(7, 0, 9000)}));
  give(frame_of(0, 7, 1514));
  EXPECT_EQ(peer.receive(), frame_of(0, 7, 1514));
}

TEST_F(Sockets, UdpTakesItsPeersOnly) {
  const Udp peer, stranger;
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", peer.text());
  stranger.send(attachment.local(), frame_of(8, 0));
  peer.send(attachment.local(), frame_of(7, 0));
  attachment.poll();
  EXPECT_EQ(port.sent, Frames{frame_of(7, 0)});
}

TEST_F(Sockets, DatagramsThatAreNoFramesAreDropped) {
  const Udp peer;
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", peer.text());
  for (const std::size_t size : {std::size_t{0}, std::size_t{13}, Frame::kMostBytes + 1, std::size_t{65'000}})
    peer.send(attachment.local(), Bytes(size, std::byte{2}));
  peer.send(attachment.local(), Bytes(Frame::kMostBytes, std::byte{2}));
  attachment.poll();
  EXPECT_EQ(port.sent, Frames{Bytes(Frame::kMostBytes, std::byte{2})});
  EXPECT_EQ(drops("too_short"), 2u);
  EXPECT_EQ(drops("too_long"), 2u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Sockets, APeerMayComeLater) {
  std::uint16_t number = 0;
  {
    const Udp early;
    number = early.port;
  }
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", "127.0.0.1:" + std::to_string(number));
  for (int i = 0; i < 10; ++i) {
    give(frame_of(0, 7));
    attachment.poll();
    give(frame_of(0, 7));
  }
  EXPECT_EQ(drops("no_peer"), 19u);  // of the last one nobody has heard yet
  EXPECT_EQ(drops("receive_error") + drops("send_error"), 0u);
  const Udp peer(number);
  give(frame_of(0, 7, 200));
  EXPECT_EQ(peer.receive(), frame_of(0, 7, 200));
}

TEST_F(Sockets, WhatALineCannotTakeWaitsInTheSocket) {
  const Udp peer;
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", peer.text());
  port.frame_time = us(100);
  for (int i = 0; i < 3; ++i) peer.send(attachment.local(), frame_of(7, 0));
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 1u);
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 1u);
  sc_start(us(100));
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 2u);
}

TEST_F(Sockets, OneLookTakesABoundedNumber) {
  const Udp peer;
  DatagramAttachment attachment = attach(kUdp, "127.0.0.1:0", peer.text());
  for (int i = 0; i < 300; ++i) peer.send(attachment.local(), frame_of(7, 0, 60));
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 256u);
  attachment.poll();
  EXPECT_EQ(port.sent.size(), 300u);
}

TEST_F(Sockets, UdpAddressesAreCheckedFirst) {
  for (const char* wrong : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1",
                            "localhost:4000", "::1:4000", "[::1]", ":4000", "127.0.0.1:4000 "}) {
    const std::string text = problem([&] { DatagramSocket::udp(wrong, "127.0.0.1:1"); });
    EXPECT_NE(text.find("write it as 127.0.0.1:4000"), std::string::npos) << wrong << ": " << text;
  }
  EXPECT_NE(problem([] { DatagramSocket::udp("127.0.0.1:0", "[::1]:1"); }).find("other family"), std::string::npos);
  const Udp holder;
  const std::string taken = problem([&] { DatagramSocket::udp(holder.text(), "127.0.0.1:1"); });
  EXPECT_NE(taken.find(holder.text()), std::string::npos) << taken;
  EXPECT_NE(taken.find("a port that is free"), std::string::npos) << taken;
}

TEST_F(Sockets, UnixSocketsBothWaysAndGoneAtTheEnd) {
  const std::string own = folder.file("own"), other = folder.file("other");
  {
    DatagramAttachment attachment = attach(kUnix, own, other);
    EXPECT_EQ(attachment.local(), own);
    struct stat status {};
    ASSERT_EQ(::stat(own.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);  // nobody else's
    give(frame_of(0, 7));
    EXPECT_EQ(drops("no_peer"), 1u);  // not there yet
    const Unix peer(other);
    give(frame_of(0, 7));
    EXPECT_EQ(peer.receive(), frame_of(0, 7));
    EXPECT_EQ(peer.send(own, frame_of(7, 0)), 100);
    EXPECT_EQ(peer.send(own, Bytes(5)), 5);
    attachment.poll();
    EXPECT_EQ(port.sent, Frames{frame_of(7, 0)});
    EXPECT_EQ(drops("too_short"), 1u);
  }
  EXPECT_FALSE(std::filesystem::exists(own));
}

TEST_F(Sockets, APeerThatDoesNotReadLosesFrames) {
  const Unix peer(folder.file("peer"));
  DatagramAttachment attachment = attach(kUnix, folder.file("own"), folder.file("peer"));
  for (int i = 0; i < 5000; ++i) give(frame_of(0, 7, 1500));
  EXPECT_GT(drops("peer_busy"), 0u);
  EXPECT_EQ(drops("send_error"), 0u);
}

TEST_F(Sockets, ASocketThatWasLeftBehindIsReplacedAndNothingElse) {
  const std::string own = folder.file("own");
  const auto make = [&] { DatagramSocket::unix_domain(own, folder.file("other")); };
  {
    const Unix crashed(own);
    EXPECT_NE(problem(make).find("in use"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::exists(own));  // left behind
  EXPECT_EQ(problem(make), "none");
  std::ofstream(own) << "precious";
  EXPECT_NE(problem(make).find("no socket"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(own));
  const std::string too_long(200, 'x');
  EXPECT_NE(problem([&] { DatagramSocket::unix_domain(too_long, own); }).find("107 bytes"), std::string::npos);
  EXPECT_NE(problem([&] { DatagramSocket::unix_domain(folder.file("a/b"), own); }).find("can be written"),
            std::string::npos);
}

// Two wires in two machines, joined by sockets.
TEST_F(Sockets, AFrameGoesFromWireToWire) {
  Config config = config_of();
  config.attachments = {socket_config(kUnix, folder.file("a"), folder.file("b"))};
  plug(config, 1);
  EXPECT_TRUE(wire->external());
  config.attachments = {socket_config(kUnix, folder.file("b"), folder.file("a"))};
  Wire other("other", sim, config, frames, folder.path);
  Station station(sim);
  other.add_card("card").connect(station);

  send(0, frame_of(0, kEveryone));
  sc_start(us(10));
  other.poll();
  sc_start(us(10));
  EXPECT_EQ(station.frames, Frames{frame_of(0, kEveryone)});
}

}  // namespace
}  // namespace cardvp::wire
