// Keys between cards (firmware/controller/network_keys.c; struct control_transit_key).
#include <gtest/gtest.h>

#include <set>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr std::uint16_t kPeer = 2, kNode = 0x0102;

struct NetworkKeys : NetworkFirmware {
  NetworkKeys() { underlay(7, "192.0.2.7"); }
  void start(std::uint32_t epoch = 10, std::uint32_t rekey_packets = 0) {
    ASSERT_EQ(transit_key(epoch, rekey_packets), CONTROL_OK);
    ASSERT_EQ(peer(kPeer, kNode, "192.0.2.8", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  }
  static std::uint32_t theirs(std::uint32_t epoch) { return std::uint32_t{kNode} << 16 | (epoch & 0xffff); }
  static std::uint32_t ours(std::uint32_t epoch) { return 7u << 16 | (epoch & 0xffff); }
  std::set<std::uint32_t> receiving() const {
    std::set<std::uint32_t> spis;
    for (const auto& [spi, association] : receiving_) spis.insert(spi);
    return spis;
  }
  std::set<std::uint32_t> spis(std::initializer_list<std::uint32_t> epochs) const {
    std::set<std::uint32_t> set;
    for (const std::uint32_t epoch : epochs) set.insert(theirs(epoch));
    return set;
  }
  std::uint32_t sends_by() const { return sending_.at(kPeer).spi; }
  // Each association has its key, and there is no other but the master key.
  void expect_no_other_keys() const {
    std::set<unsigned> slots{NETWORK_MASTER_SLOT + unsigned{network_->master}};
    for (const auto& [peer, association] : sending_) slots.insert(association.slot);
    for (const auto& [spi, association] : receiving_) slots.insert(association.slot);
    std::set<unsigned> loaded;
    for (const auto& [slot, key] : keys_) loaded.insert(slot);
    EXPECT_EQ(loaded, slots);
    EXPECT_EQ(slots.size(), 1 + sending_.size() + receiving_.size());
  }
};

TEST_F(NetworkKeys, WhatAKeyIsDerivedFrom) {
  start(0x00010203);
  const Bytes sender{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  const Bytes receiver{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 8};
  Bytes out = sender;
  out.insert(out.end(), receiver.begin(), receiver.end());
  out.insert(out.end(), {0, 1, 2, 3});
  Bytes in = receiver;
  in.insert(in.end(), sender.begin(), sender.end());
  in.insert(in.end(), {0, 1, 2, 3});
  EXPECT_EQ(keys_.at(sending_.at(kPeer).slot).info, out);
  EXPECT_EQ(keys_.at(sending_.at(kPeer).slot).from, unsigned{NETWORK_MASTER_SLOT});
  EXPECT_EQ(keys_.at(receiving_.at(theirs(0x0203)).slot).info, in);
  in.back() = 4;
  EXPECT_EQ(keys_.at(receiving_.at(theirs(0x0204)).slot).info, in);
}

TEST_F(NetworkKeys, Associations) {
  start(10, 1000);
  EXPECT_EQ(sends_by(), 0x0007000au);
  EXPECT_EQ(sending_.at(kPeer).salt, 0x0a000700u);  // the bytes 00 07 00 0a, the first lowest
  EXPECT_EQ(sending_.at(kPeer).threshold, 1000u);
  EXPECT_EQ(receiving(), (std::set<std::uint32_t>{0x0102000a, 0x0102000b}));
  EXPECT_EQ(receiving_.at(0x0102000a).salt, 0x0a000201u);
  EXPECT_EQ(receiving_.at(0x0102000a).peer, kPeer);
  expect_no_other_keys();
}

TEST_F(NetworkKeys, KeyAndPeersInAnyOrder) {
  EXPECT_EQ(peer(kPeer, kNode, "192.0.2.8", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  EXPECT_TRUE(sending_.empty());
  EXPECT_EQ(transit_key(10), CONTROL_OK);
  EXPECT_EQ(sends_by(), ours(10));
  EXPECT_EQ(peer(3, 9, "192.0.2.9"), CONTROL_OK);  // not encrypted
  EXPECT_FALSE(sending_.contains(3));
  EXPECT_EQ(peer(3, 9, "192.0.2.9", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  EXPECT_TRUE(sending_.contains(3));
  EXPECT_EQ(peer(3, 9, "192.0.2.9"), CONTROL_OK);
  EXPECT_FALSE(sending_.contains(3));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, AnExhaustedSenderGoesOverToTheNextEpoch) {
  start();
  association(VPC_SA_EXHAUSTED, kPeer, ours(10));
  EXPECT_EQ(sends_by(), ours(11));
  EXPECT_EQ(keys_.at(sending_.at(kPeer).slot).info.back(), 11);
  association(VPC_SA_EXHAUSTED, kPeer, ours(10));  // said twice
  EXPECT_EQ(sends_by(), ours(11));
  EXPECT_EQ(receiving(), spis({10, 11}));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, RekeyIsForAllPeers) {
  EXPECT_EQ(rekey(), CONTROL_NO_KEY);
  start();
  peer(3, 9, "192.0.2.9", CONTROL_PEER_ENCRYPT);
  peer(4, 10, "192.0.2.10");
  EXPECT_EQ(rekey(), CONTROL_OK);
  EXPECT_EQ(sends_by(), ours(11));
  EXPECT_EQ(sending_.at(3).spi, ours(11));
  EXPECT_FALSE(sending_.contains(4));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, TheReceiverFollowsTheSender) {
  start();
  association(VPC_SA_FIRST_USE, kPeer, theirs(10));
  EXPECT_EQ(receiving(), spis({10, 11}));
  EXPECT_EQ(sends_by(), ours(10));
  association(VPC_SA_FIRST_USE, kPeer, theirs(11));
  EXPECT_EQ(receiving(), spis({10, 11, 12}));  // 10 is for what is late
  EXPECT_EQ(sends_by(), ours(11));             // both ways at the same epoch
  association(VPC_SA_FIRST_USE, kPeer, theirs(12));
  EXPECT_EQ(receiving(), spis({11, 12, 13}));
  association(VPC_SA_FIRST_USE, kPeer, theirs(11));  // the first that was late
  EXPECT_EQ(receiving(), spis({11, 12, 13}));
  EXPECT_EQ(sends_by(), ours(12));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, APeerFollowsTheSenderEvenIfItIsSilent) {
  start();
  association(VPC_SA_FIRST_USE, kPeer, theirs(10));
  for (std::uint32_t epoch = 10; epoch < 20; ++epoch) {
    association(VPC_SA_EXHAUSTED, kPeer, ours(epoch));
    EXPECT_EQ(sends_by(), ours(epoch + 1));
    EXPECT_TRUE(receiving().contains(theirs(10)));  // it may not have heard anything
    EXPECT_TRUE(receiving().contains(theirs(epoch)));
    EXPECT_TRUE(receiving().contains(theirs(epoch + 1)));
    expect_no_other_keys();
  }
  association(VPC_SA_UNKNOWN, kPeer, theirs(400));
  EXPECT_EQ(receiving(), spis({10, 19, 20, 400}));
  association(VPC_SA_FIRST_USE, kPeer, theirs(19));
  EXPECT_EQ(receiving(), spis({19, 20}));
  association(VPC_SA_FIRST_USE, kPeer, theirs(20));
  EXPECT_EQ(receiving(), spis({19, 20, 21}));
  EXPECT_EQ(sends_by(), ours(20));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, ManyEpochs) {
  start(0xfff0);
  for (std::uint32_t epoch = 0xfff0; epoch < 0x10030; ++epoch) association(VPC_SA_FIRST_USE, kPeer, theirs(epoch));
  EXPECT_EQ(receiving(), spis({0x1002e, 0x1002f, 0x10030}));
  EXPECT_EQ(keys_.at(receiving_.at(theirs(0x10030)).slot).info[33], 1);
  EXPECT_EQ(sends_by(), ours(0x1002f));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, APeerThatIsAhead) {
  start();
  association(VPC_SA_UNKNOWN, kPeer, theirs(500));
  EXPECT_EQ(receiving(), spis({10, 11, 500}));
  EXPECT_EQ(sends_by(), ours(10));  // nobody has vouched for it yet
  association(VPC_SA_UNKNOWN, kPeer, theirs(300));
  EXPECT_EQ(receiving(), spis({10, 11, 300}));
  association(VPC_SA_FIRST_USE, kPeer, theirs(300));
  EXPECT_EQ(receiving(), spis({300, 301}));
  EXPECT_EQ(sends_by(), ours(300));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, AProvisionalOneGoesWhenThePeerUsesAnother) {
  start();
  association(VPC_SA_UNKNOWN, kPeer, theirs(500));
  association(VPC_SA_FIRST_USE, kPeer, theirs(11));
  EXPECT_EQ(receiving(), spis({10, 11, 12}));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, EarlierEpochsNeverComeBack) {
  start(100);
  for (const std::uint32_t epoch : {99u, 0u, 100u + 0x8000u, 0xffffu})
    association(VPC_SA_UNKNOWN, kPeer, theirs(epoch));
  EXPECT_EQ(receiving(), spis({100, 101}));
  association(VPC_SA_UNKNOWN, kPeer, ours(200));  // not the peer's SPI
  association(VPC_SA_UNKNOWN, kPeer + 1, theirs(200));
  association(VPC_SA_UNKNOWN, 0xffff, theirs(200));
  association(VPC_SA_FIRST_USE, kPeer, theirs(200));
  association(77, kPeer, theirs(101));
  EXPECT_EQ(receiving(), spis({100, 101}));
  EXPECT_EQ(sends_by(), ours(100));
}

TEST_F(NetworkKeys, NoEpochIsUsedTwice) {
  start();
  association(VPC_SA_EXHAUSTED, kPeer, ours(10));
  EXPECT_EQ(remove_peer(kPeer), CONTROL_OK);
  EXPECT_TRUE(sending_.empty());
  EXPECT_TRUE(receiving_.empty());
  expect_no_other_keys();
  EXPECT_EQ(peer(5, kNode, "192.0.2.8", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  EXPECT_EQ(sending_.at(5).spi, ours(12));
  // Another card in its place, and another key with an old epoch.
  EXPECT_EQ(peer(5, 9, "192.0.2.9", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  EXPECT_EQ(sending_.at(5).spi, ours(13));
  EXPECT_EQ(transit_key(3), CONTROL_OK);
  EXPECT_EQ(sending_.at(5).spi, ours(14));
  EXPECT_EQ(transit_key(1000), CONTROL_OK);
  EXPECT_EQ(sending_.at(5).spi, ours(1000));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, TheLastEpoch) {
  start(0xfffffffe);
  EXPECT_EQ(receiving(), spis({0xfffffffe, 0xffffffff}));
  association(VPC_SA_FIRST_USE, kPeer, theirs(0xffffffff));
  EXPECT_EQ(receiving(), spis({0xfffffffe, 0xffffffff}));
  EXPECT_EQ(sends_by(), ours(0xffffffff));
  association(VPC_SA_EXHAUSTED, kPeer, ours(0xffffffff));
  EXPECT_EQ(sends_by(), ours(0xffffffff));
  association(VPC_SA_UNKNOWN, kPeer, theirs(5));
  EXPECT_EQ(receiving(), spis({0xfffffffe, 0xffffffff}));
  remove_peer(kPeer);
  EXPECT_EQ(peer(kPeer, kNode, "192.0.2.8", CONTROL_PEER_ENCRYPT), CONTROL_OK);
  EXPECT_TRUE(sending_.empty());
}

TEST_F(NetworkKeys, AChangeOfFlagsKeepsAssociations) {
  start();
  rekey();
  EXPECT_EQ(peer(kPeer, kNode, "192.0.2.8", CONTROL_PEER_ENCRYPT | CONTROL_PEER_MULTIPATH), CONTROL_OK);
  EXPECT_EQ(sends_by(), ours(11));
}

TEST_F(NetworkKeys, ANewMasterKeyTakesTheOldOnesPlace) {
  start();
  const unsigned old = sending_.at(kPeer).slot;
  EXPECT_EQ(keys_.at(old).from, unsigned{NETWORK_MASTER_SLOT});
  EXPECT_EQ(transit_key(20), CONTROL_OK);
  EXPECT_EQ(keys_.at(sending_.at(kPeer).slot).from, NETWORK_MASTER_SLOT + 1u);
  EXPECT_EQ(receiving(), spis({20, 21}));
  expect_no_other_keys();
  EXPECT_EQ(transit_key(30), CONTROL_OK);
  EXPECT_EQ(keys_.at(sending_.at(kPeer).slot).from, unsigned{NETWORK_MASTER_SLOT});
  expect_no_other_keys();
}

TEST_F(NetworkKeys, ABadMasterKeyChangesNothing) {
  start();
  unwrap_status_ = SECURITY_BAD_KEY;
  EXPECT_EQ(transit_key(20), CONTROL_BAD_KEY);
  unwrap_status_ = SECURITY_TAMPERED;
  EXPECT_EQ(transit_key(20), CONTROL_NO_HARDWARE);
  EXPECT_EQ(sends_by(), ours(10));
  EXPECT_EQ(receiving(), spis({10, 11}));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, WithoutTheEngineTheOldAssociationSends) {
  start();
  derive_status_ = SECURITY_TAMPERED;
  EXPECT_EQ(rekey(), CONTROL_OK);
  association(VPC_SA_UNKNOWN, kPeer, theirs(20));
  EXPECT_EQ(sends_by(), ours(10));
  EXPECT_EQ(receiving(), spis({10, 11}));
  derive_status_ = SECURITY_OK;
  EXPECT_EQ(rekey(), CONTROL_OK);
  EXPECT_EQ(sends_by(), ours(11));
  expect_no_other_keys();
}

TEST_F(NetworkKeys, EveryPeerHasItsSlots) {
  transit_key(1);
  for (std::uint16_t i = 0; i < NETWORK_MOST_PEERS; ++i)
    ASSERT_EQ(peer(i, i + 100, "198.51.100." + std::to_string(i), CONTROL_PEER_ENCRYPT), CONTROL_OK);
  rekey();
  for (std::uint16_t i = 0; i < NETWORK_MOST_PEERS; ++i) association(VPC_SA_FIRST_USE, i, (i + 100u) << 16 | 2);
  EXPECT_EQ(sending_.size(), 256u);
  EXPECT_EQ(receiving_.size(), 256u * 3);
  expect_no_other_keys();
  EXPECT_LT(keys_.rbegin()->first, 2048u);  // the engine's default
  // Volumes have one each, in front.
  EXPECT_GE(keys_.begin()->first, SECURITY_FIRST_FREE_SLOT + 256u);
}

}  // namespace
}  // namespace cardvp
