// NVMe 1.4, 5.15: Identify.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Identify : NvmeFirmware {
  Identify() { enable(); }
  Completion identify(std::uint32_t cns, std::uint32_t nsid = 0) {
    return admin({.opcode = NVME_IDENTIFY, .nsid = nsid, .dw10 = cns});
  }
};

TEST_F(Identify, Controller) {
  const Completion answer = identify(1);
  ASSERT_EQ(answer.status, NVME_SUCCESS);
  const auto& page = answer.data;
  ASSERT_EQ(page.size(), 4096u);
  EXPECT_EQ(little_endian(page, 0, 2), 0x1d0fu);                              // VID
  EXPECT_EQ(text(page, 4, 20), "vol0123456789abcdef0");                       // SN
  EXPECT_EQ(text(page, 24, 40), "Amazon Elastic Block Store              ");  // MN
  EXPECT_EQ(text(page, 64, 8), "0.1.0   ");                                   // FR
  EXPECT_EQ(page[77], 8);                                                     // MDTS: 1 MiB
  EXPECT_EQ(little_endian(page, 78, 2), 3u);                                  // CNTLID
  EXPECT_EQ(little_endian(page, 80, 4), 0x10400u);                            // VER
  EXPECT_EQ(page[111], 1);                     // CNTRLTYPE: reserved values are errors in 1.4
  EXPECT_EQ(little_endian(page, 256, 2), 4u);  // OACS: firmware update, nothing else
  EXPECT_EQ(page[512], 0x66);                  // SQES
  EXPECT_EQ(page[513], 0x44);                  // CQES
  EXPECT_EQ(little_endian(page, 516, 4), 1u);  // NN
  EXPECT_EQ(page[525] & 1, 1);                 // VWC
  EXPECT_NE(page[525] >> 1, 0);                // 1.4: Flush behaviour is to be said
  EXPECT_EQ(little_endian(page, 536, 4), 0u);  // SGLS
  EXPECT_NE(little_endian(page, 266, 2), 0u);  // WCTEMP: not 0 since 1.2
  EXPECT_EQ(text(page, 3072, 10), "/dev/sdf  ");
}

TEST_F(Identify, QualifiedNameHasTheVolumesUuid) {
  const auto page = identify(1).data;
  const std::string name = text(page, 768, 256);
  const std::string uuid = name.substr(32, 36);
  EXPECT_EQ(name.substr(0, 32), "nqn.2014-08.org.nvmexpress:uuid:");
  EXPECT_EQ(name.substr(68), std::string(256 - 68, '\0'));
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    EXPECT_TRUE(dash ? uuid[i] == '-' : std::isxdigit(static_cast<unsigned char>(uuid[i]))) << uuid;
  }
  // The same as in the descriptors.
  const auto descriptors = identify(3, 1).data;
  std::string digits;
  for (const char c : uuid)
    if (c != '-') digits += c;
  for (unsigned i = 0; i < 16; ++i)
    EXPECT_EQ(std::stoul(digits.substr(2 * i, 2), nullptr, 16), descriptors[12 + 20 + 4 + i]);
}

TEST_F(Identify, Namespace) {
  bank_.set(CAPACITY, 0x123456789abc);
  bank_.set(FORMAT_BLOCK_SHIFT, 12);
  const Completion answer = identify(0, 1);
  ASSERT_EQ(answer.status, NVME_SUCCESS);
  const auto& page = answer.data;
  ASSERT_EQ(page.size(), 4096u);
  EXPECT_EQ(little_endian(page, 0, 8), 0x123456789abcu);   // NSZE
  EXPECT_EQ(little_endian(page, 8, 8), 0x123456789abcu);   // NCAP
  EXPECT_EQ(little_endian(page, 16, 8), 0x123456789abcu);  // NUSE
  EXPECT_EQ(page[25], 0);                                  // NLBAF: one format
  EXPECT_EQ(page[26], 0);                                  // FLBAS: it is in use
  EXPECT_EQ(page[99], 0);                                  // NSATTR
  EXPECT_EQ(little_endian(page, 128, 4), 12u << 16);       // LBAF0
}

TEST_F(Identify, WriteProtectedNamespace) {
  bank_.set(FORMAT_READ_ONLY, 1);
  EXPECT_EQ(identify(0, 1).data[99], 1);
}

TEST_F(Identify, DescriptorsAgreeWithTheNamespace) {
  const auto page = identify(0, 1).data, list = identify(3, 1).data;
  ASSERT_EQ(list.size(), 4096u);
  EXPECT_EQ(little_endian(list, 0, 4), 0x0801u);  // EUI-64, 8 bytes
  EXPECT_EQ(text(list, 4, 8), text(page, 120, 8));
  EXPECT_EQ(little_endian(list, 12, 4), 0x1002u);  // NGUID
  EXPECT_EQ(text(list, 16, 16), text(page, 104, 16));
  EXPECT_EQ(little_endian(list, 32, 4), 0x1003u);  // UUID
  EXPECT_EQ(list[36 + 6] >> 4, 8);                 // version and variant of RFC 9562
  EXPECT_EQ(list[36 + 8] >> 6, 2);
  EXPECT_EQ(little_endian(list, 52, 4), 0u);  // the end
}

TEST_F(Identify, OtherVolumesHaveOtherIdentifiers) {
  const auto one = identify(3, 1).data;
  identity_.serial[19] = '1';
  nvme_init(&controller_, &port_, &card_, 3, &identity_);
  host_writes_cc(0);
  events();
  enable();
  const auto other = identify(3, 1).data;
  EXPECT_NE(text(one, 4, 8), text(other, 4, 8));
  EXPECT_NE(text(one, 16, 16), text(other, 16, 16));
  EXPECT_NE(text(one, 36, 16), text(other, 36, 16));
}

TEST_F(Identify, ActiveNamespaceList) {
  EXPECT_EQ(little_endian(identify(2, 0).data, 0, 8), 1u);
  EXPECT_EQ(little_endian(identify(2, 1).data, 0, 8), 0u);
  EXPECT_EQ(little_endian(identify(2, 0xfffffffd).data, 0, 8), 0u);
  EXPECT_EQ(identify(2, 0xfffffffe).status, NVME_INVALID_NAMESPACE);
  EXPECT_EQ(identify(2, 0xffffffff).status, NVME_INVALID_NAMESPACE);
}

TEST_F(Identify, NamespacesThatDoNotExist) {
  for (const std::uint32_t nsid : {0u, 2u, 0xffffffffu}) {
    EXPECT_EQ(identify(0, nsid).status, NVME_INVALID_NAMESPACE);
    EXPECT_EQ(identify(3, nsid).status, NVME_INVALID_NAMESPACE);
  }
}

TEST_F(Identify, OtherStructures) {
  for (std::uint32_t cns = 4; cns < 256; ++cns) EXPECT_EQ(identify(cns, 1).status, NVME_INVALID_FIELD) << cns;
}

}  // namespace
}  // namespace cardvp
