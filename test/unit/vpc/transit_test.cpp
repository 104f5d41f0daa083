// Encryption between two cards: what is on the wire opens with OpenSSL from its bytes alone; replays, forgeries and
// wrong associations are refused; keys change without a packet lost.
#include <openssl/evp.h>

#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

using State = ReplayWindow::State;

TEST(ReplayWindowTest, TakesEachNumberOnceWithinTheWindow) {
  ReplayWindow window(1024);
  EXPECT_EQ(window.state(0), State::kOld);
  EXPECT_EQ(window.state(1), State::kNew);
  window.mark(1);
  EXPECT_EQ(window.state(1), State::kSeen);
  window.mark(2000);
  EXPECT_EQ(window.state(2000 - 1023), State::kNew);
  EXPECT_EQ(window.state(2000 - 1024), State::kOld);
  window.mark(2000 - 1023);
  EXPECT_EQ(window.state(2000 - 1023), State::kSeen);
  EXPECT_EQ(window.state(1999), State::kNew);
  window.mark(~0ull);
  EXPECT_EQ(window.state(~0ull), State::kSeen);
  EXPECT_EQ(window.state(~0ull - 1), State::kNew);
  EXPECT_EQ(window.state(2000), State::kOld);
}

TEST(ReplayWindowTest, SaysWhatASetOfNumbersWould) {
  ReplayWindow window(1024);
  std::map<std::uint64_t, bool> seen;
  std::uint64_t top = 0;
  std::uint32_t random = 1;
  for (unsigned step = 0; step < 100'000; ++step) {
    random = random * 1664525 + 1013904223;
    const std::uint64_t jump = random >> 28 == 0 ? random >> 16 & 0xfff : random >> 16 & 0x7ff;
    const std::uint64_t sequence = std::max<std::uint64_t>(top + 32, 1100) - std::min<std::uint64_t>(jump, 1099);
    const bool old = sequence <= top && top - sequence >= 1024;
    ASSERT_EQ(window.state(sequence), old ? State::kOld : seen[sequence] ? State::kSeen : State::kNew) << sequence;
    if (old) continue;
    window.mark(sequence);
    seen[sequence] = true;
    top = std::max(top, sequence);
  }
  EXPECT_GT(top, 20'000u);
}

struct VpcTransitTest : Machine {
  void SetUp() override {
    Machine::SetUp();
    encrypt();
  }
  // Sends one packet; gives what went over the wire.
  Bytes sealed(std::uint16_t flow = 1000) {
    transmit(a, 0, frame(spec(0, 0, flow)));
    run();
    return a.port.sent.back();
  }
  std::vector<unsigned> events(const Card& card) {
    std::vector<unsigned> made;
    for (const vpc_message_sa& each : card.firmware.associations) made.push_back(each.event);
    return made;
  }
};

TEST_F(VpcTransitTest, PacketsArriveAsTheyWereSent) {
  for (const std::size_t size : {0u, 1u, 1400u, 8900u}) {
    Bytes sent = frame(spec(), size);
    transmit(a, 0, sent);
    run();
    net::store_mac(sent.data(), Card::mac(1, 0));
    EXPECT_EQ(b.hosts[0].frames.back(), sent) << size;
  }
  EXPECT_EQ(b.hosts[0].frames.size(), 4u);
  EXPECT_EQ(a.counter("sealed"), 4u);
  EXPECT_EQ(b.counter("opened"), 4u);
}

// An independent reader: the format of models/nic/vpc/geneve.h, offsets by hand, and OpenSSL.
TEST_F(VpcTransitTest, OpensslOpensWhatIsOnTheWire) {
  Bytes sent = frame(spec(), 300);
  transmit(a, 0, sent);
  transmit(a, 0, sent);
  run();
  ASSERT_EQ(a.port.sent.size(), 2u);
  const Bytes& outer = a.port.sent[1];
  ASSERT_EQ(outer.size(), 14 + 20 + 8 + 8 + 16 + sent.size() + 16);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(outer.data());
  EXPECT_EQ(Bytes(outer.begin() + 42, outer.begin() + 66),
            from_hex("04 40 88b5 123456 00  fff0 81 03 00000100 0000000000000002"));
  unsigned char iv[12] = {0x11, 0x22, 0x33, 0x44};  // the salt, first byte lowest in its register
  std::copy(bytes + 58, bytes + 66, iv + 4);
  const Bytes key = pattern(32, 20);
  Bytes plain(sent.size());
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  int made = 0;
  ASSERT_EQ(
      EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), reinterpret_cast<const unsigned char*>(key.data()), iv, nullptr),
      1);
  ASSERT_EQ(EVP_DecryptUpdate(context, nullptr, &made, bytes + 42, 24), 1);
  ASSERT_EQ(EVP_DecryptUpdate(context, reinterpret_cast<unsigned char*>(plain.data()), &made, bytes + 66,
                              static_cast<int>(sent.size())),
            1);
  ASSERT_EQ(
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, const_cast<unsigned char*>(bytes + outer.size() - 16)),
      1);
  EXPECT_EQ(EVP_DecryptFinal_ex(context, reinterpret_cast<unsigned char*>(plain.data()) + made, &made), 1);
  EVP_CIPHER_CTX_free(context);
  net::store_mac(sent.data(), Card::mac(1, 0));
  EXPECT_EQ(plain, sent);
}

TEST_F(VpcTransitTest, AReplayIsRefused) {
  const Bytes first = sealed();
  b.port.receive(make(first));
  b.port.receive(make(first));
  run();
  EXPECT_EQ(b.drops("replayed"), 2u);
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
}

TEST_F(VpcTransitTest, APacketThatIsLateButInTheWindowIsTaken) {
  Bytes late;
  sealed();
  a.port.on_send = [&](wire::Frame& frame) {
    late.assign(frame.bytes().begin(), frame.bytes().end());
    return false;
  };
  sealed();
  a.port.on_send = nullptr;
  for (int i = 0; i < 1023; ++i) transmit(a, 0, frame(spec()));
  run(us(1000));
  b.port.receive(make(late));
  EXPECT_EQ(b.drops("replayed"), 0u);
  b.port.receive(make(late));
  EXPECT_EQ(b.drops("replayed"), 1u);
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 1026u);
}

TEST_F(VpcTransitTest, APacketThatIsTooLateIsRefused) {
  Bytes late;
  sealed();
  a.port.on_send = [&](wire::Frame& frame) {
    late.assign(frame.bytes().begin(), frame.bytes().end());
    return false;
  };
  sealed();
  a.port.on_send = nullptr;
  for (int i = 0; i < 1024; ++i) transmit(a, 0, frame(spec()));
  run(us(1000));
  b.port.receive(make(late));
  EXPECT_EQ(b.drops("replayed"), 1u);
}

// Every bit of what is authenticated; none of them moves the window.
TEST_F(VpcTransitTest, AForgeryIsRefusedAndMovesNothing) {
  Bytes good;
  a.port.on_send = [&](wire::Frame& frame) {
    good.assign(frame.bytes().begin(), frame.bytes().end());
    return false;
  };
  transmit(a, 0, frame(spec()));
  run();
  std::uint64_t refused = 0;
  for (std::size_t at = 42; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= std::byte{0x01};
    if (at == 58) net::store64(&bad[58], ~0ull);  // a sequence number far ahead
    b.port.receive(make(bad));
    ASSERT_EQ(b.all_drops(), ++refused) << at;
  }
  EXPECT_GT(b.drops("forged"), good.size() - 66);
  EXPECT_EQ(b.drops("unknown_association"), 4u);
  b.port.receive(make(good));
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
}

TEST_F(VpcTransitTest, PlainPacketsOfAnEncryptedPeerAreRefused) {
  a.store_peer(0, 1, 0);
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_EQ(b.drops("not_sealed"), 1u);
  EXPECT_EQ(b.all_drops(), 1u);
}

TEST_F(VpcTransitTest, SealedPacketsOfAPlainPeerNeedAnAssociation) {
  b.store_peer(0, 0, 0);
  sealed();
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
  EXPECT_EQ(b.association(3, 0x100), 0u);
  sealed();
  EXPECT_EQ(b.drops("unknown_association"), 1u);
}

TEST_F(VpcTransitTest, NothingGoesOutWithoutAKey) {
  a.cipher.destroy(20);
  EXPECT_TRUE(transmit(a, 0, frame(spec())).accepted);  // it waits for its verdict
  run();
  EXPECT_EQ(a.drops(0, "no_key"), 1u);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  a.cipher.set_key(20, pattern(32, 20));
  EXPECT_EQ(a.association(4, 0), 0u);
  EXPECT_EQ(a.association(4, 0), 2u);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_EQ(a.drops(0, "no_key"), 3u);
  EXPECT_TRUE(a.port.sent.empty());
}

TEST_F(VpcTransitTest, NothingComesInWithoutAKey) {
  b.cipher.destroy(20);
  sealed();
  EXPECT_EQ(b.drops("no_key"), 1u);
  b.cipher.set_key(20, pattern(32, 99));
  sealed();
  EXPECT_EQ(b.drops("forged"), 1u);
}

TEST_F(VpcTransitTest, AnotherCardCannotUseAPeersAssociation) {
  Bytes outer = sealed();
  ASSERT_EQ(b.store_peer(1, 5), 0u);  // 172.16.0.21
  outer[29] = std::byte{21};
  net::set_ipv4_checksum(outer, net::parse(outer));
  b.port.receive(make(outer));
  EXPECT_EQ(b.drops("wrong_association"), 1u);
  outer[29] = std::byte{99};
  net::set_ipv4_checksum(outer, net::parse(outer));
  b.port.receive(make(outer));
  EXPECT_EQ(b.drops("wrong_association"), 2u);
}

TEST_F(VpcTransitTest, FirstUseIsReportedOnce) {
  for (int i = 0; i < 3; ++i) sealed();
  ASSERT_EQ(events(b), std::vector<unsigned>{VPC_SA_FIRST_USE});
  EXPECT_EQ(b.firmware.associations[0].header.tag, 0x100u);
  EXPECT_EQ(b.firmware.associations[0].peer, 0);
}

TEST_F(VpcTransitTest, AThresholdIsReportedOnceAndSendingGoesOn) {
  ASSERT_EQ(a.association(1, 0x101, 20, 0, 0x55, 3), 0u);
  ASSERT_EQ(b.association(2, 0x101, 20, 0, 0x55), 0u);
  for (int i = 0; i < 2; ++i) sealed();
  EXPECT_TRUE(events(a).empty());
  for (int i = 0; i < 4; ++i) sealed();
  ASSERT_EQ(events(a), std::vector<unsigned>{VPC_SA_EXHAUSTED});
  EXPECT_EQ(a.firmware.associations[0].header.tag, 0x101u);
  EXPECT_EQ(b.hosts[0].frames.size(), 6u);
}

TEST_F(VpcTransitTest, UnknownAssociationsAreReportedSparingly) {
  const Bytes outer = sealed();
  b.association(3, 0x100);
  b.firmware.associations.clear();
  const auto flood = [&](unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) b.port.receive(make(outer));
  };
  flood(100);
  run();
  EXPECT_EQ(events(b), std::vector<unsigned>{VPC_SA_UNKNOWN});
  EXPECT_EQ(b.firmware.associations[0].header.tag, 0x100u);
  flood(100);  // not yet a millisecond later
  run(us(1000));
  EXPECT_EQ(events(b).size(), 1u);
  b.firmware.silent = true;
  flood(100);
  run(us(2000));
  flood(100);  // the firmware still has the last one
  run(us(2000));
  b.firmware.silent = false;
  b.firmware.wake();
  run();
  EXPECT_EQ(events(b).size(), 2u);
  EXPECT_EQ(b.drops("unknown_association"), 400u);
}

TEST_F(VpcTransitTest, KeysChangeWithoutAPacketLost) {
  for (unsigned epoch = 1; epoch <= 5; ++epoch) {
    for (int i = 0; i < 5; ++i) transmit(a, 0, frame(spec()));  // still on their way when the key changes
    const auto slot = static_cast<std::uint16_t>(30 + epoch);
    for (Card* card : {&a, &b}) card->cipher.set_key(slot, pattern(32, slot));
    ASSERT_EQ(b.association(2, 0x100 + epoch, slot), 0u);
    ASSERT_EQ(a.association(1, 0x100 + epoch, slot), 0u);
    for (int i = 0; i < 5; ++i) transmit(a, 0, frame(spec()));
    run();
    ASSERT_EQ(b.association(3, 0x100 + epoch - 1), 0u);
  }
  EXPECT_EQ(b.hosts[0].frames.size(), 50u);
  EXPECT_EQ(b.all_drops(), 0u);
}

TEST_F(VpcTransitTest, AssociationsAreCheckedWhenTheyAreStored) {
  EXPECT_EQ(a.association(1, 0), 1u);
  EXPECT_EQ(a.association(2, 0), 1u);
  EXPECT_EQ(a.association(1, 1, 20, 256), 1u);
  EXPECT_EQ(a.association(2, 1, 20, 3), 2u);  // no such peer
  EXPECT_EQ(a.association(3, 0x999), 2u);
  EXPECT_EQ(a.association(4, 0, 20, 300), 1u);
  EXPECT_EQ(a.association(0, 1), 1u);
  EXPECT_EQ(a.association(5, 1), 1u);
  for (std::uint32_t spi = 1; spi <= 7; ++spi) EXPECT_EQ(a.association(2, spi), 0u);
  EXPECT_EQ(a.association(2, 8), 3u);  // no room
  EXPECT_EQ(a.association(2, 3), 0u);  // in its own place
  a.set(vpc_regs::offset::PEER_COMMAND, 2u << 16);
  EXPECT_EQ(a.association(3, 1), 2u);  // went with its peer
}

TEST_F(VpcTransitTest, SealingAndOpeningTakeTheirTime) {
  sealed();
  const sc_core::sc_time start = sim.scheduler.now();
  transmit(a, 0, frame(spec()));
  run();
  // Look-up 100 ns, cipher 300 ns, 224 bytes at 80 ps each, 1 us of wire; look-up and cipher again.
  EXPECT_EQ(b.hosts[0].times.back() - start, ns(100 + 300 + 224 * 0.08 + 1000 + 100 + 300));
}

TEST_F(VpcTransitTest, ACipherThatIsFarBehindTakesNoMore) {
  sealed();
  a.cipher.latency = us(1500);
  EXPECT_TRUE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_EQ(a.drops(0, "cipher_busy"), 1u);
  run(us(600));
  a.cipher.latency = ns(300);
  EXPECT_TRUE(transmit(a, 0, frame(spec())).accepted);
  run(us(2000));
  EXPECT_EQ(b.hosts[0].frames.size(), 3u);
}

struct VpcWithoutCipherTest : Machine {
  VpcWithoutCipherTest() : Machine({.vpc = {}, .has_cipher = false}) {}
};

TEST_F(VpcWithoutCipherTest, NothingIsSealedOrOpened) {
  encrypt();
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_EQ(a.drops(0, "no_key"), 1u);
  Bytes outer = from_hex(
      "020100000001 020100000000 0800 4500 0060 0000 4000 4011 0000 ac100010 ac100011"
      "c123 17c1 004c 0000 0440 88b5 123456 00 fff08103 00000100 0000000000000001");
  outer.resize(14 + 0x60);
  net::set_ipv4_checksum(outer, net::parse(outer));
  b.port.receive(make(outer));
  EXPECT_EQ(b.drops("no_key"), 1u);
}

struct VpcTransitOverIpv6Test : Machine {
  VpcTransitOverIpv6Test() : Machine({.vpc = {}, .ipv6 = true}) {}
};

TEST_F(VpcTransitOverIpv6Test, PacketsArriveAsTheyWereSent) {
  encrypt();
  Bytes sent = frame(spec(), 1400);
  transmit(a, 0, sent);
  run();
  net::store_mac(sent.data(), Card::mac(1, 0));
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>{sent});
}

}  // namespace
}  // namespace cardvp::nic
