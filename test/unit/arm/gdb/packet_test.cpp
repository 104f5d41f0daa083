// Framing, from the GDB manual's "Remote Protocol: Overview".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/arm/gdb/packet.h"

namespace cardvp::arm::gdb {
namespace {

using Kind = PacketReader::Kind;

std::vector<std::pair<Kind, std::string>> read(PacketReader& reader, std::string_view bytes) {
  std::vector<std::pair<Kind, std::string>> events;
  reader.feed(bytes);
  while (auto event = reader.next()) events.emplace_back(event->kind, event->data);
  return events;
}

std::vector<std::pair<Kind, std::string>> read(std::string_view bytes) {
  PacketReader reader;
  return read(reader, bytes);
}

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Frame, ChecksumIsTheSumModulo256InTwoDigits) {
  EXPECT_EQ(frame(""), "$#00");
  EXPECT_EQ(frame("OK"), "$OK#9a");  // 0x4f + 0x4b
  EXPECT_EQ(frame("vCont?"), "$vCont?#49");
}

TEST(Frame, SpecialCharactersAreEscaped) {
  EXPECT_EQ(frame("}"), "$}\x5d#da");
  EXPECT_EQ(frame("#$*").substr(0, 7), "$}\x03}\x04}\x0a");
}

TEST(PacketReader, TakesWhatFrameMakes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_THAT(read(frame(all)), ElementsAre(Pair(Kind::kPacket, all)));
}

TEST(PacketReader, PiecesOfAnySize) {
  PacketReader reader;
  std::vector<std::pair<Kind, std::string>> events;
  for (const char c : std::string("+$g#67-\x03$m0,4#fd"))
    for (const auto& event : read(reader, std::string(1, c))) events.push_back(event);
  EXPECT_THAT(events, ElementsAre(Pair(Kind::kAcknowledged, ""), Pair(Kind::kPacket, "g"), Pair(Kind::kRejected, ""),
                                  Pair(Kind::kInterrupt, ""), Pair(Kind::kPacket, "m0,4")));
}

TEST(PacketReader, AnInterruptByteInsideOfAPacketIsData) {
  EXPECT_THAT(read("$X\x03#5b"), ElementsAre(Pair(Kind::kPacket, "X\x03")));
}

TEST(PacketReader, BrokenOnes) {
  const auto broken = ElementsAre(Pair(Kind::kBroken, ""));
  EXPECT_THAT(read("$g#68"), broken);
  EXPECT_THAT(read("$g#6x"), broken);
  EXPECT_THAT(read("$a}#de"), broken);  // nothing behind the escape
}

TEST(PacketReader, ADollarStartsAnew) {
  PacketReader reader;
  EXPECT_THAT(read(reader, "noise$#00"), ElementsAre(Pair(Kind::kPacket, "")));
  EXPECT_THAT(read(reader, "$g#67"), ElementsAre(Pair(Kind::kPacket, "g")));
}

TEST(PacketReader, WhatIsTooLongIsBrokenAndTheNextOneIsNot) {
  const std::string longest(kMaxPacket, 'a');
  EXPECT_THAT(read(frame(longest)), ElementsAre(Pair(Kind::kPacket, longest)));
  EXPECT_THAT(read(frame(longest + "a") + "$g#67"), ElementsAre(Pair(Kind::kBroken, ""), Pair(Kind::kPacket, "g")));
  PacketReader reader;
  for (int i = 0; i < 20; ++i) EXPECT_THAT(read(reader, i == 0 ? "$" : longest), IsEmpty());
}

TEST(Hex, BothDirections) {
  const auto bytes = from_hex("00fF7a");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(to_hex(*bytes), "00ff7a");
  EXPECT_EQ(to_hex(std::string_view("OK")), "4f4b");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Fields, NumbersHaveAtMost64Bits) {
  EXPECT_EQ(Fields("ffffffffffffffff,1").number(), ~0ull);
  EXPECT_THROW(Fields("10000000000000000").number(), Fields::Malformed);
  EXPECT_THROW(Fields("").number(), Fields::Malformed);
  EXPECT_THROW(Fields("-1").number(), Fields::Malformed);
}

}  // namespace
}  // namespace cardvp::arm::gdb
