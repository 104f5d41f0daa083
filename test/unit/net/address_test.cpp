#include "models/net/address.h"

#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

std::string again(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->text() : "refused";
}

TEST(MacAddress, IsReadAndWritten) {
  const auto mac = MacAddress::parse("02:00:5E:aF:00:01");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->bytes, (std::array<std::uint8_t, 6>{2, 0, 0x5e, 0xaf, 0, 1}));
  EXPECT_EQ(mac->text(), "02:00:5e:af:00:01");
}

TEST(MacAddress, RefusesWhatIsNone) {
  for (const char* text :
       {"", "02:00:5e:af:00", "02:00:5e:af:00:01:02", "2:0:5e:af:0:1", "02-00-5e-af-00-01", "02:00:5e:af:00:0g",
        "02:00:5e:af:00:+1", "02:00:5e:af:00:-1", " 2:00:5e:af:00:01", "02:00:5e:af:00:0x", "0200:5e:af:00:001"})
    EXPECT_FALSE(MacAddress::parse(text)) << text;
}

TEST(MacAddress, KnowsGroups) {
  EXPECT_TRUE((MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}.is_broadcast()));
  EXPECT_TRUE((MacAddress{{0x33, 0x33, 0, 0, 0, 1}}.is_multicast()));
  EXPECT_FALSE((MacAddress{{0x33, 0x33, 0, 0, 0, 1}}.is_broadcast()));
  EXPECT_FALSE((MacAddress{{2, 0, 0, 0, 0, 1}}.is_multicast()));
  EXPECT_TRUE(MacAddress{}.is_zero());
}

TEST(IpAddress, V4IsReadAndWritten) {
  const auto address = IpAddress::parse("10.1.2.255");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->is_v4());
  EXPECT_EQ(address->v4_value(), 0x0a0102ffu);
  EXPECT_EQ(*address, IpAddress::v4(0x0a0102ff));
  EXPECT_EQ(address->text(), "10.1.2.255");
  const std::array<std::uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 255};
  EXPECT_EQ(address->bytes, mapped);
}

// RFC 5952, sections 4.1 to 4.3.
TEST(IpAddress, V6IsWrittenInItsOneForm) {
  EXPECT_EQ(again("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(again("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
  EXPECT_EQ(again("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(again("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(again("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(again("2001:DB8::AbCd"), "2001:db8::abcd");
  EXPECT_EQ(again("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(again("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(again("::ffff:10.0.0.1"), "10.0.0.1");  // is that IPv4 address
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const std::string_view text : {"",
                                      "10.0.0",
                                      "10.0.0.256",
                                      "10.0.0.1.2",
                                      "010.0.0.1",
                                      "10.0.0.1 ",
                                      " 10.0.0.1",
                                      "0x0a.0.0.1",
                                      "10.0.0.-1",
                                      "10.0.0.1/24",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "fd00::g",
                                      "12345::",
                                      "fe80::1%eth0",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000",
                                      "host"})
    EXPECT_EQ(again(text), "refused") << text;
  EXPECT_EQ(again(std::string_view("10.0.0.1\0", 9)), "refused");
}

TEST(IpAddress, KnowsItsKind) {
  const auto is = [](const char* text) { return *IpAddress::parse(text); };
  for (const char* text : {"224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"})
    EXPECT_TRUE(is(text).is_multicast()) << text;
  for (const char* text : {"223.255.255.255", "240.0.0.1", "10.0.0.255", "fe80::1", "::"})
    EXPECT_FALSE(is(text).is_multicast()) << text;
  for (const char* text : {"169.254.0.0", "169.254.169.254", "fe80::1", "febf::1"})
    EXPECT_TRUE(is(text).is_link_local()) << text;
  for (const char* text : {"169.253.1.1", "169.255.1.1", "fec0::1", "fd00::1"})
    EXPECT_FALSE(is(text).is_link_local()) << text;
  EXPECT_TRUE(is("::").is_zero());
  EXPECT_FALSE(is("0.0.0.0").is_v4() && is("0.0.0.0").is_zero());
}

TEST(Prefix, IsReadAndWritten) {
  for (const char* text : {"10.0.0.0/16", "0.0.0.0/0", "10.1.2.3/32", "::/0", "fd00::/8", "fd00::1/128", "10.128.0.0/9",
                           "2001:db8:8000::/33"}) {
    const auto prefix = Prefix::parse(text);
    ASSERT_TRUE(prefix) << text;
    EXPECT_EQ(prefix->text(), text);
  }
  EXPECT_EQ(Prefix::parse("10.1.2.3")->text(), "10.1.2.3/32");
  EXPECT_EQ(Prefix::parse("fd00::1")->text(), "fd00::1/128");
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "fd00::/129", "10.0.0.1/24", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/8 ", "10.0.0.0/8/8", "fd00::1/64", "10.192.0.0/9", "10.0.0.0/a", "10.0.0.0/99999999999"})
    EXPECT_FALSE(Prefix::parse(text)) << text;
}

TEST(Prefix, ContainsItsOwn) {
  const auto contains = [](const char* prefix, const char* address) {
    return Prefix::parse(prefix)->contains(*IpAddress::parse(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/9", "10.127.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(contains("10.1.2.3/32", "10.1.2.3"));
  EXPECT_FALSE(contains("10.1.2.3/32", "10.1.2.2"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(contains("0.0.0.0/0", "fd00::1"));
  EXPECT_FALSE(contains("::/0", "10.0.0.1"));  // though it is mapped into IPv6
  EXPECT_TRUE(contains("::/0", "fd00::1"));
  EXPECT_TRUE(contains("2001:db8:8000::/33", "2001:db8:ffff::1"));
  EXPECT_FALSE(contains("2001:db8:8000::/33", "2001:db8:7fff::1"));
  EXPECT_EQ(Prefix::parse("10.0.0.0/9")->mapped_length(), 105u);
  EXPECT_EQ(Prefix::parse("fd00::/9")->mapped_length(), 9u);
}

}  // namespace
}  // namespace cardvp::net
