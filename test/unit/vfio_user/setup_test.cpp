// VERSION and the descriptions, as QEMU asks for them.
#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Setup : Served {
  // The text of a VERSION reply; nothing if there is none, or it does not end as it must.
  static std::optional<std::string> text(const Received& reply) {
    if (reply.payload.size() < 5 || reply.payload.back() != std::byte{0}) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(reply.payload.data()) + 4);
  }
};

TEST_F(Setup, VersionAsQemuSaysIt) {
  ASSERT_TRUE(client.connect(path()));
  const Bytes request = qemu_version();
  const Received reply = call(kVersion, request);
  EXPECT_FALSE(reply.is_error());
  EXPECT_LE(reply.payload.size(), request.size());
  EXPECT_EQ(reply.u32(0), 0u);  // 0.0
  const auto said = text(reply);
  ASSERT_TRUE(said);
  EXPECT_NE(said->find(R"("max_msg_fds":16)"), std::string::npos) << *said;
  EXPECT_NE(said->find(R"("write_multiple":true)"), std::string::npos) << *said;
  EXPECT_EQ(said->find("twin_socket"), std::string::npos) << *said;
}

TEST_F(Setup, VersionWithoutCapabilities) {
  for (const std::string& json : {std::string("{}"), std::string(R"({"capabilities":{}})"), std::string()}) {
    Client each;
    ASSERT_TRUE(until([&] { return !server->waiting() && server->clients() == 0; }));
    ASSERT_TRUE(each.connect(path()));
    const Bytes request = Bytes().u16(0).u16(1).text(json);
    const Received reply = call(each, kVersion, request);
    EXPECT_FALSE(reply.is_error());
    EXPECT_LE(reply.payload.size(), request.size());
    ASSERT_GE(reply.payload.size(), 4u);
    EXPECT_EQ(reply.at<std::uint16_t>(0), 0);
    EXPECT_LE(reply.at<std::uint16_t>(2), 1);
    each.close();
    until([&] { return server->clients() == 0; });
  }
  ASSERT_TRUE(until([&] { return !server->waiting(); }));
  ASSERT_TRUE(client.connect(path()));
  EXPECT_EQ(call(kVersion, Bytes().u16(0).u16(0)).payload.size(), 4u);
}

TEST_F(Setup, VersionsThatAreNotSpoken) {
  const std::vector<Bytes> requests = {
      Bytes().u16(1).u16(0).text("{}"),
      Bytes().u16(0),
      Bytes(),
      Bytes().u16(0).u16(0).text("{}", false),
      Bytes().u16(0).u16(0).text("no JSON"),
      Bytes().u16(0).u16(0).text("[1, 2]"),
      Bytes().u16(0).u16(0).text(R"({"capabilities": 3})"),
      Bytes().u16(0).u16(0).text(R"({"capabilities": {"max_data_xfer_size": 16}})"),
      Bytes().u16(0).u16(0).text(R"({"capabilities": {"max_data_xfer_size": "much"}})"),
      Bytes().u16(0).u16(0).text(R"({"capabilities": {"max_data_xfer_size": -4096}})"),
      Bytes().u16(0).u16(0).text(std::string(100000, '[')),
  };
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Client each;
    ASSERT_TRUE(each.connect(path()));
    EXPECT_EQ(call(each, kVersion, requests[i]).error, 22u) << i;
    EXPECT_TRUE(until([&] { return each.closed(); })) << i;
    ASSERT_TRUE(until([&] { return !server->waiting(); }));
  }
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), requests.size());
}

TEST_F(Setup, VersionComesFirstAndOnce) {
  Client early;
  ASSERT_TRUE(early.connect(path()));
  EXPECT_EQ(call(early, kGetInfo, Bytes().u32(16).fill(12)).error, 22u);
  EXPECT_TRUE(until([&] { return early.closed(); }));
  ASSERT_TRUE(until([&] { return !server->waiting(); }));
  connect(client);
  EXPECT_EQ(error_of(kVersion, qemu_version()), 22u);
  EXPECT_EQ(error_of(kGetInfo, Bytes().u32(16).fill(12)), 0u);
}

TEST_F(Setup, DeviceInfo) {
  connect(client);
  const Received reply = call(kGetInfo, Bytes().u32(16).fill(12));
  ASSERT_EQ(reply.payload.size(), 16u);
  EXPECT_EQ(reply.u32(0), 16u);
  EXPECT_EQ(reply.u32(4), 3u);  // can be reset, PCI
  EXPECT_EQ(reply.u32(8), 9u);
  EXPECT_EQ(reply.u32(12), 5u);
  EXPECT_EQ(error_of(kGetInfo, Bytes().u32(15).fill(12)), 22u);
  EXPECT_EQ(error_of(kGetInfo, Bytes().u32(16)), 22u);
}

TEST_F(Setup, RegionInfo) {
  connect(client);
  const std::uint64_t sizes[] = {kBar0, 0, kBar2, 0, 0, 0, 0, 4096, 0};
  for (std::uint32_t index = 0; index < 9; ++index) {
    const Received reply = call(kGetRegionInfo, Bytes().u32(32).u32(0).u32(index).u32(0).u64(0).u64(0));
    ASSERT_EQ(reply.payload.size(), 32u);
    EXPECT_EQ(reply.u32(0), 32u);
    EXPECT_EQ(reply.u32(4), sizes[index] ? 3u : 0u) << index;  // readable, writable, not to be mapped
    EXPECT_EQ(reply.u32(8), index);
    EXPECT_EQ(reply.u64(16), sizes[index]) << index;
  }
  EXPECT_EQ(error_of(kGetRegionInfo, Bytes().u32(32).u32(0).u32(9).u32(0).u64(0).u64(0)), 22u);
  EXPECT_EQ(error_of(kGetRegionInfo, Bytes().u32(31).u32(0).u32(0).u32(0).u64(0).u64(0)), 22u);
  EXPECT_EQ(error_of(kGetRegionInfo, Bytes().u32(32)), 22u);
}

TEST_F(Setup, IrqInfo) {
  connect(client);
  const auto info = [&](std::uint32_t index) { return call(kGetIrqInfo, Bytes().u32(16).u32(0).u32(index).u32(0)); };
  const Received msix = info(2);
  ASSERT_EQ(msix.payload.size(), 16u);
  EXPECT_EQ(msix.u32(4), 1u);  // eventfds; not "no resize"
  EXPECT_EQ(msix.u32(8), 2u);
  EXPECT_EQ(msix.u32(12), kVectors);
  EXPECT_EQ(info(0).u32(12), 0u);  // no INTx
  EXPECT_EQ(info(1).u32(12), 0u);  // no MSI
  EXPECT_EQ(info(3).error, 22u);   // QEMU is silent about that
  EXPECT_EQ(info(4).error, 22u);
  EXPECT_EQ(info(5).error, 22u);
}

TEST_F(Setup, UnknownCommandsAreNotSupported) {
  connect(client);
  const std::uint16_t unknown[] = {kGetRegionIoFds, 0, 14, 16, 17, 18, 0xffff, kDmaRead, kDmaWrite};
  for (const std::uint16_t command : unknown) EXPECT_EQ(error_of(command, Bytes().fill(32)), 95u) << command;
  // One that wants no answer gets none: the next answer is the next command's.
  client.send(77, Bytes(), kNoReply);
  EXPECT_EQ(error_of(kGetInfo, Bytes().u32(16).fill(12)), 0u);
}

TEST_F(Setup, MessagesInPiecesAndSeveralAtOnce) {
  ASSERT_TRUE(client.connect(path()));
  const Bytes version = qemu_version();
  const Bytes hello = Client::header(7, kVersion, static_cast<std::uint32_t>(16 + version.size()), 0).raw(version);
  for (std::size_t at = 0; at < hello.size(); ++at) {
    ASSERT_TRUE(client.send_raw(std::span(hello.get()).subspan(at, 1)));
    step();
    EXPECT_EQ(client.receive().has_value(), at + 1 == hello.size() && server->clients() == 1) << at;
  }
  Bytes many;
  for (std::uint16_t id = 100; id < 120; ++id) many.raw(Client::header(id, kGetInfo, 32, 0)).u32(16).fill(12);
  for (std::uint16_t id = 120; id < 140; ++id) many.raw(Client::header(id, kRegionRead, 32, 0)).raw(access(0, 7, 4));
  ASSERT_TRUE(client.send_raw(many));
  for (std::uint16_t id = 100; id < 140; ++id) {
    std::optional<Received> reply;
    ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); }));
    EXPECT_EQ(reply->id, id);
  }
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
