// NVMe 1.4, 5.13 and 5.21: Get and Set Features.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

constexpr std::uint32_t kAll[] = {NVME_FEATURE_ARBITRATION,    NVME_FEATURE_POWER,       NVME_FEATURE_TEMPERATURE,
                                  NVME_FEATURE_ERROR_RECOVERY, NVME_FEATURE_WRITE_CACHE, NVME_FEATURE_QUEUES,
                                  NVME_FEATURE_COALESCING,     NVME_FEATURE_VECTOR,      NVME_FEATURE_ATOMICITY,
                                  NVME_FEATURE_ASYNC_EVENTS};

struct Features : NvmeFirmware {
  Features() { enable(); }

  static std::uint32_t nsid_of(std::uint32_t feature) { return feature == NVME_FEATURE_ERROR_RECOVERY ? 1 : 0; }
  Completion set(std::uint32_t feature, std::uint32_t value) {
    return admin({.opcode = NVME_SET_FEATURES, .nsid = nsid_of(feature), .dw10 = feature, .dw11 = value});
  }
  Completion get(std::uint32_t feature, std::uint32_t select = 0, std::uint32_t dw11 = 0) {
    return admin({.opcode = NVME_GET_FEATURES, .nsid = nsid_of(feature), .dw10 = feature | select << 8, .dw11 = dw11});
  }
};

TEST_F(Features, KeepWhatIsSetAndKnowTheirDefaults) {
  const struct {
    std::uint32_t feature, value, kept, initial;
  } cases[] = {
      {NVME_FEATURE_ARBITRATION, 0x030201ff, 0x03020107, 0},  // bits 7:3 are reserved
      {NVME_FEATURE_POWER, 0x20, 0x20, 0},
      {NVME_FEATURE_TEMPERATURE, 0x140, 0x140, NVME_WARNING_KELVIN},
      {NVME_FEATURE_ERROR_RECOVERY, 0x1234, 0x1234, 0},
      {NVME_FEATURE_WRITE_CACHE, 0, 0, 1},
      {NVME_FEATURE_QUEUES, 0x00030001, 0x00030001, 0x00070007},
      {NVME_FEATURE_COALESCING, 0xffff0203, 0x0203, 0},
      {NVME_FEATURE_ATOMICITY, 1, 1, 0},
      {NVME_FEATURE_ASYNC_EVENTS, 0xffffffff, 0xff, 0},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(get(test.feature).dw0, test.initial) << test.feature;
    EXPECT_EQ(set(test.feature, test.value).status, NVME_SUCCESS) << test.feature;
    EXPECT_EQ(get(test.feature).dw0, test.kept) << test.feature;
    EXPECT_EQ(get(test.feature, 1).dw0, test.initial) << test.feature;
    EXPECT_EQ(get(test.feature, 2).dw0, test.initial) << test.feature;  // nothing is saved: the default (7.8)
  }
}

TEST_F(Features, Capabilities) {
  for (const std::uint32_t feature : kAll)  // changeable; one for a namespace; none saveable
    EXPECT_EQ(get(feature, 3).dw0, feature == NVME_FEATURE_ERROR_RECOVERY ? 6u : 4u) << feature;
}

TEST_F(Features, UnknownOnesAndSelections) {
  const std::set<std::uint32_t> known(std::begin(kAll), std::end(kAll));
  for (std::uint32_t feature = 0; feature < 256; ++feature) {
    if (known.contains(feature)) continue;
    EXPECT_EQ(get(feature).status, NVME_INVALID_FIELD) << feature;
    EXPECT_EQ(get(feature, 3).status, NVME_INVALID_FIELD) << feature;
    EXPECT_EQ(set(feature, 0).status, NVME_INVALID_FIELD) << feature;
  }
  for (std::uint32_t select = 4; select < 8; ++select)
    EXPECT_EQ(get(NVME_FEATURE_WRITE_CACHE, select).status, NVME_INVALID_FIELD);
}

TEST_F(Features, NoneIsSaveable) {
  for (const std::uint32_t feature : kAll) EXPECT_EQ(set(feature | 1u << 31, 0).status, NVME_FEATURE_NOT_SAVEABLE);
  EXPECT_EQ(bank_.get(WRITE_CACHE), 1u);
}

TEST_F(Features, Namespaces) {
  const auto set_for = [&](std::uint32_t feature, std::uint32_t nsid) {
    return admin({.opcode = NVME_SET_FEATURES, .nsid = nsid, .dw10 = feature}).status;
  };
  EXPECT_EQ(set_for(NVME_FEATURE_ARBITRATION, 1), NVME_FEATURE_NOT_NAMESPACE_SPECIFIC);
  EXPECT_EQ(set_for(NVME_FEATURE_ARBITRATION, 2), NVME_INVALID_NAMESPACE);
  EXPECT_EQ(set_for(NVME_FEATURE_ARBITRATION, 0xffffffff), NVME_SUCCESS);
  EXPECT_EQ(set_for(NVME_FEATURE_ERROR_RECOVERY, 0xffffffff), NVME_SUCCESS);
  EXPECT_EQ(set_for(NVME_FEATURE_ERROR_RECOVERY, 0), NVME_INVALID_NAMESPACE);
  EXPECT_EQ(set_for(NVME_FEATURE_ERROR_RECOVERY, 2), NVME_INVALID_NAMESPACE);
  const auto get_for = [&](std::uint32_t feature, std::uint32_t nsid) {
    return admin({.opcode = NVME_GET_FEATURES, .nsid = nsid, .dw10 = feature}).status;
  };
  EXPECT_EQ(get_for(NVME_FEATURE_ARBITRATION, 2), NVME_INVALID_NAMESPACE);
  EXPECT_EQ(get_for(NVME_FEATURE_ERROR_RECOVERY, 0xffffffff), NVME_INVALID_NAMESPACE);
}

TEST_F(Features, NumberOfQueuesIsCutToWhatThereIs) {
  EXPECT_EQ(set(NVME_FEATURE_QUEUES, 0xfffefffe).dw0, (kQueues - 1) << 16 | (kQueues - 1));
  EXPECT_EQ(set(NVME_FEATURE_QUEUES, 0xffff0000).status, NVME_INVALID_FIELD);
  EXPECT_EQ(set(NVME_FEATURE_QUEUES, 0x0000ffff).status, NVME_INVALID_FIELD);
  EXPECT_EQ(set(NVME_FEATURE_QUEUES, 0).dw0, 0u);
}

TEST_F(Features, NumberOfQueuesIsFixedOnceOneWasCreated) {
  admin({.opcode = NVME_CREATE_IO_CQ, .dw10 = 15 << 16 | 1, .dw11 = 1});
  EXPECT_EQ(set(NVME_FEATURE_QUEUES, 0).status, NVME_COMMAND_SEQUENCE_ERROR);
  EXPECT_EQ(get(NVME_FEATURE_QUEUES).dw0, 0x00070007u);
}

TEST_F(Features, WriteCacheReachesTheEngine) {
  set(NVME_FEATURE_WRITE_CACHE, 0);
  EXPECT_EQ(bank_.get(WRITE_CACHE), 0u);
  set(NVME_FEATURE_WRITE_CACHE, 1);
  EXPECT_EQ(bank_.get(WRITE_CACHE), 1u);
}

TEST_F(Features, ThereIsOnePowerState) { EXPECT_EQ(set(NVME_FEATURE_POWER, 1).status, NVME_INVALID_FIELD); }

TEST_F(Features, TemperatureThresholds) {
  constexpr std::uint32_t kUnder = 1 << 20, kSensor1 = 1 << 16, kAllSensors = 15 << 16;
  EXPECT_EQ(set(NVME_FEATURE_TEMPERATURE, kUnder | 250).status, NVME_SUCCESS);
  EXPECT_EQ(get(NVME_FEATURE_TEMPERATURE, 0, kUnder).dw0, 250u);
  EXPECT_EQ(get(NVME_FEATURE_TEMPERATURE).dw0, unsigned{NVME_WARNING_KELVIN});
  EXPECT_EQ(set(NVME_FEATURE_TEMPERATURE, kAllSensors | 300).status, NVME_SUCCESS);
  EXPECT_EQ(get(NVME_FEATURE_TEMPERATURE).dw0, 300u);
  EXPECT_EQ(set(NVME_FEATURE_TEMPERATURE, kSensor1 | 300).status, NVME_INVALID_FIELD);
  EXPECT_EQ(set(NVME_FEATURE_TEMPERATURE, 2 << 20 | 300).status, NVME_INVALID_FIELD);
  EXPECT_EQ(get(NVME_FEATURE_TEMPERATURE, 0, kAllSensors).status, NVME_INVALID_FIELD);
}

TEST_F(Features, DeallocatedBlockErrorsAreNotOffered) {
  EXPECT_EQ(set(NVME_FEATURE_ERROR_RECOVERY, 1 << 16).status, NVME_INVALID_FIELD);
}

TEST_F(Features, CoalescingIsSwitchedPerVector) {
  constexpr std::uint32_t kOff = 1 << 16;
  EXPECT_EQ(set(NVME_FEATURE_VECTOR, kOff | (kVectors - 1)).status, NVME_SUCCESS);
  EXPECT_EQ(get(NVME_FEATURE_VECTOR, 0, kVectors - 1).dw0, kOff | (kVectors - 1));
  EXPECT_EQ(get(NVME_FEATURE_VECTOR, 1, kVectors - 1).dw0, kVectors - 1);
  EXPECT_EQ(get(NVME_FEATURE_VECTOR, 0, kVectors - 2).dw0, kVectors - 2);
  set(NVME_FEATURE_VECTOR, kVectors - 1);
  EXPECT_EQ(get(NVME_FEATURE_VECTOR, 0, kVectors - 1).dw0, kVectors - 1);
  EXPECT_EQ(set(NVME_FEATURE_VECTOR, kVectors).status, NVME_INVALID_FIELD);
  EXPECT_EQ(set(NVME_FEATURE_VECTOR, 0xffff).status, NVME_INVALID_FIELD);
  EXPECT_EQ(get(NVME_FEATURE_VECTOR, 0, 0xffff).status, NVME_INVALID_FIELD);
}

}  // namespace
}  // namespace cardvp
