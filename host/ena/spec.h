// The ENA device interface as far as the driver needs it: registers, admin commands and descriptors, little-endian, as
// docs/nic.md describes them. Offsets and sizes are in bytes unless said otherwise.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace cardvp::host::ena {

static_assert(std::endian::native == std::endian::little, "ring entries are used in place");

inline constexpr std::uint16_t kVendor = 0x1d0f;
inline constexpr std::array<std::uint16_t, 5> kDevices{0xec20, 0xec21, 0x0ec2, 0x1ec2, 0x0051};

// Registers in BAR 0.
namespace reg {
inline constexpr std::uint16_t kVersion = 0x00;
inline constexpr std::uint16_t kControllerVersion = 0x04;
inline constexpr std::uint16_t kCaps = 0x08;
inline constexpr std::uint16_t kAqBase = 0x10;  // low, then high
inline constexpr std::uint16_t kAqCaps = 0x18;
inline constexpr std::uint16_t kAcqBase = 0x20;
inline constexpr std::uint16_t kAcqCaps = 0x28;
inline constexpr std::uint16_t kAqDoorbell = 0x2c;
inline constexpr std::uint16_t kAenqCaps = 0x34;
inline constexpr std::uint16_t kAenqBase = 0x38;
inline constexpr std::uint16_t kAenqHead = 0x40;
inline constexpr std::uint16_t kInterruptMask = 0x4c;
inline constexpr std::uint16_t kDeviceControl = 0x54;
inline constexpr std::uint16_t kDeviceStatus = 0x58;
inline constexpr std::uint16_t kRegisterRead = 0x5c;
inline constexpr std::uint16_t kResponse = 0x60;  // low, then high
}  // namespace reg

// CAPS
constexpr unsigned caps_reset_timeout(std::uint32_t caps) { return caps >> 1 & 0x1f; }  // 100 ms units
constexpr unsigned caps_dma_width(std::uint32_t caps) { return caps >> 8 & 0xff; }
constexpr unsigned caps_admin_timeout(std::uint32_t caps) { return caps >> 16 & 0xf; }  // 100 ms units; 0: the driver's
// DEV_CTL: the reason's bits 3:0 at 28, and 7:4 at 24 for a device with kExtendedReasons.
inline constexpr std::uint32_t kControlReset = 1;
// DEV_STS
inline constexpr std::uint32_t kStatusReady = 1;
inline constexpr std::uint32_t kStatusResetting = 1 << 3;
// CTRL_VERSION without implementation id: 0.0.1 is the first that is served.
inline constexpr std::uint32_t kControllerVersionMask = 0xffffff;

enum class ResetReason : std::uint8_t {
  kNormal = 0,
  kKeepAlive = 1,
  kAdmin = 2,
  kMissingCompletions = 3,
  kBadRxId = 4,
  kBadTxId = 5,
  kTooManyBuffers = 6,
  kInitError = 7,
  kInvalidState = 8,
  kTransmitWatchdog = 10,
  kShutdown = 11,
  kUser = 12,
  kGeneric = 13,
  kMissingInterrupt = 14,
  kMalformedRx = 16,
  kMalformedTx = 17,
  kDeviceRequest = 19,
};

// The answer to a read-less register read.
struct RegisterResponse {
  std::uint16_t id;
  std::uint16_t offset;
  std::uint32_t value;
};
static_assert(sizeof(RegisterResponse) == 8);

// Admin queue.
enum AdminOpcode : std::uint8_t {
  kCreateSq = 1,
  kDestroySq = 2,
  kCreateCq = 3,
  kDestroyCq = 4,
  kGetFeature = 8,
  kSetFeature = 9,
  kGetStats = 11,
};
enum AdminStatus : std::uint8_t { kStatusSuccess = 0, kStatusNoResources = 1, kStatusUnsupported = 3 };

enum FeatureId : std::uint8_t {
  kFeatureAttributes = 1,
  kFeatureMaxQueues = 2,
  kFeatureHints = 3,
  kFeatureLlq = 4,
  kFeatureMaxQueuesExtended = 7,
  kFeatureHashFunction = 10,
  kFeatureOffloads = 11,
  kFeatureRssTable = 12,
  kFeatureMtu = 14,
  kFeatureHashInput = 18,
  kFeatureModeration = 20,
  kFeatureAenq = 26,
  kFeatureLink = 27,
  kFeatureHostAttributes = 28,
};

enum Capability : std::uint32_t { kEniStats = 1 << 0, kExtendedReasons = 1 << 3, kReservedBitsZero = 1 << 4 };

struct Address48 {
  Address48() = default;
  explicit Address48(std::uint64_t address)
      : low(static_cast<std::uint32_t>(address)), high(static_cast<std::uint16_t>(address >> 32)) {}
  std::uint32_t low = 0;
  std::uint16_t high = 0;
  std::uint16_t reserved = 0;
};
struct ControlBuffer {
  std::uint32_t length = 0;
  Address48 address;
};
struct CommandHeader {
  std::uint16_t id = 0;  // 11:0
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;  // 0: phase, 2: control buffer
};
inline constexpr std::uint8_t kCommandPhase = 1;
inline constexpr std::uint8_t kCommandBuffer = 1 << 2;

struct CreateCq {
  CommandHeader header{.opcode = kCreateCq};
  std::uint8_t interrupts = 1 << 5;
  std::uint8_t entry_dwords = 0;
  std::uint16_t depth = 0;
  std::uint32_t vector = 0;
  Address48 base;
};
static_assert(sizeof(CreateCq) == 20);
struct CreateCqResponse {
  std::uint16_t index;
  std::uint16_t depth;
  std::uint32_t numa;
  std::uint32_t head_doorbell;
  std::uint32_t unmask;
};
enum Direction : std::uint8_t { kTx = 1 << 5, kRx = 2 << 5 };
inline constexpr std::uint8_t kPlacementHost = 1;
inline constexpr std::uint8_t kPlacementDevice = 3;
struct CreateSq {
  CommandHeader header{.opcode = kCreateSq};
  std::uint8_t direction = 0;
  std::uint8_t reserved = 0;
  std::uint8_t placement = kPlacementHost;  // completion policy 0: one for each packet
  std::uint8_t contiguous = 1;
  std::uint16_t cq = 0;
  std::uint16_t depth = 0;
  Address48 base;
  Address48 write_back;
  std::array<std::uint32_t, 2> unused{};
};
static_assert(sizeof(CreateSq) == 36);
struct CreateSqResponse {
  std::uint16_t index;
  std::uint16_t reserved;
  std::uint32_t doorbell;
  std::uint32_t llq_ring;
  std::uint32_t llq_headers;
};
struct DestroySq {
  CommandHeader header{.opcode = kDestroySq};
  std::uint16_t index = 0;
  std::uint8_t direction = 0;
  std::uint8_t reserved = 0;
};
struct DestroyCq {
  CommandHeader header{.opcode = kDestroyCq};
  std::uint16_t index = 0;
  std::uint16_t reserved = 0;
};
static_assert(sizeof(DestroySq) == 8 && sizeof(DestroyCq) == 8);

// GET_FEATURE and SET_FEATURE; what is set stands in `data`, from byte 20 on.
using FeatureData = std::array<std::uint32_t, 11>;
struct FeatureCommand {
  CommandHeader header;
  ControlBuffer buffer;
  std::uint8_t select = 0;
  std::uint8_t id = 0;
  std::uint8_t version = 0;
  std::uint8_t reserved = 0;
  FeatureData data{};
};
static_assert(sizeof(FeatureCommand) == 64);

struct GetStats {
  CommandHeader header{.opcode = kGetStats};
  ControlBuffer buffer;
  std::uint8_t type = 0;
  std::uint8_t scope = 0;
  std::uint16_t reserved = 0;
  std::uint16_t queue = 0;
  std::uint16_t device = 0;
};
static_assert(sizeof(GetStats) == 24);
inline constexpr std::uint8_t kStatsEni = 2;

// Responses of GET_FEATURE, from byte 8 of the completion on.
struct Attributes {
  std::uint32_t implementation, version, features, capabilities, physical_width, virtual_width;
  std::array<std::uint8_t, 6> mac;
  std::uint16_t flow_steering;
  std::uint32_t max_mtu;
};
struct MaxQueues {  // id 2
  std::uint32_t sqs, sq_depth, cqs, cq_depth, llqs, llq_depth, header;
  std::uint16_t tx_descriptors, rx_descriptors;
};
struct MaxQueuesExtended {  // id 7
  std::uint8_t version;
  std::array<std::uint8_t, 3> reserved;
  std::uint32_t tx_sqs, tx_cqs, rx_sqs, rx_cqs, tx_sq_depth, tx_cq_depth, rx_sq_depth, rx_cq_depth, header;
  std::uint16_t tx_descriptors, rx_descriptors;
};
struct AenqConfig {
  std::uint32_t supported, enabled;
};
struct Offloads {
  std::uint32_t tx, rx, rx_enabled;
};
enum TxOffload : std::uint32_t { kTxL4Ipv4 = 1 << 1, kTxL4Ipv6 = 1 << 3, kTxTsoIpv4 = 1 << 5, kTxTsoIpv6 = 1 << 6 };
enum RxOffload : std::uint32_t { kRxL3Ipv4 = 1 << 0, kRxL4Ipv4 = 1 << 1, kRxL4Ipv6 = 1 << 2 };

// In ms; 0: the driver's own, kNoLimit: none.
struct Hints {
  std::uint16_t register_read, reserved, keep_alive, completion, missing_completions, admin, transmit, tx_buffers,
      rx_buffers;
};
inline constexpr std::uint16_t kNoLimit = 0xffff;

// Device memory for TX rings (LLQ): as it is told by GET, and chosen by SET. Masks of what is supported, and the
// choice.
struct LlqConfig {
  std::uint32_t queues = 0;
  std::uint32_t depth = 0;
  std::uint16_t header_location = 0, header_location_chosen = 0;
  std::uint16_t entry_size = 0, entry_size_chosen = 0;
  std::uint16_t before_header = 0, before_header_chosen = 0;  // descriptors
  std::uint16_t stride = 0, stride_chosen = 0;
  std::uint8_t version = 0, recommended = 0;
  std::uint16_t wide_depth = 0;  // with entries of 256 bytes; 0: half
  std::uint16_t acceleration = 0;
  std::uint16_t max_burst = 0;  // bytes between doorbells
};
static_assert(sizeof(LlqConfig) == 32);
inline constexpr std::uint16_t kHeaderInline = 1;
inline constexpr std::uint16_t kStrideMultiple = 2;  // descriptors in an entry behind the first; 1: a single one
inline constexpr std::uint16_t kNoMetaCache = 1;     // LlqConfig::acceleration
inline constexpr std::uint16_t kBurstLimit = 2;

struct RssTableInfo {
  std::uint16_t min_log2, max_log2, log2;
};
inline constexpr unsigned kRssTableLog2 = 7;
struct RssTableEntry {
  std::uint16_t queue = 0;  // RX SQ index
  std::uint16_t reserved = 0;
};
struct HashFunctionInfo {
  std::uint32_t supported, selected, initial;
};
inline constexpr std::uint32_t kToeplitz = 1 << 1;
inline constexpr unsigned kHashKeyBytes = 48;     // count, zero, 10 words
inline constexpr unsigned kHashInputBytes = 256;  // 16 supported, 16 selected fields, reserved
inline constexpr unsigned kHashInputSelected = 64;
struct LinkConfig {
  std::uint32_t speed, supported, flags;
};
struct EniCounters {
  std::uint64_t bandwidth_in, bandwidth_out, packet_rate, conntrack, link_local;
};

// Host information page of feature 28.
struct HostInfo {
  std::uint32_t os_type;
  std::array<char, 128> os_text;
  std::uint32_t os_version;
  std::array<char, 32> kernel_text;
  std::uint32_t kernel_version;
  std::uint32_t driver_version;
  std::array<std::uint32_t, 2> netdev_features;
  std::uint16_t spec_version;
  std::uint16_t bdf;
  std::uint16_t cpus;
  std::uint16_t reserved;
  std::uint32_t driver_features;
};
static_assert(sizeof(HostInfo) == 196);
inline constexpr std::uint32_t kOsLinux = 1;
inline constexpr std::uint16_t kSpecVersion = 0x0200;
inline constexpr std::uint32_t kDriverRxOffset = 1 << 1;
inline constexpr std::uint32_t kDriverModeration = 1 << 2;

// Asynchronous events.
enum AenqGroup : std::uint16_t {
  kAenqLink = 0,
  kAenqNotification = 3,
  kAenqKeepAlive = 4,
  kAenqDeviceReset = 7,
};
inline constexpr std::uint32_t kAenqWanted = 0x9f;  // groups 0 to 4, and 7
inline constexpr std::uint16_t kSyndromeHints = 2;
struct Event {
  std::uint16_t group;
  std::uint16_t syndrome;
  std::uint32_t flags;  // 0: phase
  std::uint64_t timestamp;
  std::array<std::uint32_t, 12> payload;
};
static_assert(sizeof(Event) == 64);

// Entries of I/O queues.
struct TxDescriptor {
  std::uint32_t control = 0;
  std::uint32_t meta = 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;  // address 47:32; header length in 31:24
};
// Of control, in data descriptors; req_id bits 15:10 stand in 21:16, bits 9:0 in meta 31:22.
inline constexpr std::uint32_t kTxPhase = 1u << 24;
inline constexpr std::uint32_t kTxFirst = 1u << 26;
inline constexpr std::uint32_t kTxLast = 1u << 27;
inline constexpr std::uint32_t kTxCompletion = 1u << 28;
// Of meta.
inline constexpr std::uint32_t kTxDontFragment = 1u << 4;
inline constexpr std::uint32_t kTxTso = 1u << 7;
inline constexpr std::uint32_t kTxIpChecksum = 1u << 13;
inline constexpr std::uint32_t kTxL4Checksum = 1u << 14;
inline constexpr std::uint32_t kTxL4Partial = 1u << 17;
inline constexpr unsigned kL3Ipv4 = 8, kL3Ipv6 = 11, kL4Tcp = 12, kL4Udp = 13;
// Of control, in meta descriptors: extended and valid, stored in the queue's cache; MSS bits 13:10 in 19:16.
inline constexpr std::uint32_t kMetaControl = 1u << 14 | 1u << 20 | 1u << 21 | 1u << 23;

struct TxCompletion {
  std::uint16_t id;
  std::uint8_t status;
  std::uint8_t flags;  // 0: phase; 7:6 zero
  std::uint16_t sub_queue;
  std::uint16_t head;
};
inline constexpr std::uint8_t kTxCompletionReserved = 0xc0;

struct RxDescriptor {
  std::uint16_t length;  // 0: 64 KiB
  std::uint8_t reserved;
  std::uint8_t control;
  std::uint16_t id;
  std::uint16_t reserved2;
  std::uint32_t low;
  std::uint16_t high;
  std::uint16_t reserved3;
};
inline constexpr std::uint8_t kRxPhase = 1;
inline constexpr std::uint8_t kRxControl = 1 << 2 | 1 << 3 | 1 << 4;  // first, last, completion wanted

struct RxCompletion {
  std::uint32_t status;
  std::uint16_t length;
  std::uint16_t id;
  std::uint32_t hash;
  std::uint16_t sub_queue;
  std::uint8_t offset;
  std::uint8_t reserved;
};
static_assert(sizeof(TxDescriptor) == 16 && sizeof(TxCompletion) == 8);
static_assert(sizeof(RxDescriptor) == 16 && sizeof(RxCompletion) == 16);
// Of status; L3 protocol in 4:0, L4 in 12:8.
inline constexpr std::uint32_t kRxL3Bad = 1u << 13;
inline constexpr std::uint32_t kRxL4Bad = 1u << 14;
inline constexpr std::uint32_t kRxFragment = 1u << 15;
inline constexpr std::uint32_t kRxL4Checked = 1u << 16;
inline constexpr std::uint32_t kRxCompletionPhase = 1u << 24;
inline constexpr std::uint32_t kRxFirst = 1u << 26;
inline constexpr std::uint32_t kRxLast = 1u << 27;
inline constexpr std::uint32_t kRxReserved = 1u << 7 | 1u << 17;

// Unmask register of a vector: RX delay in 14:0, TX delay in 29:15.
inline constexpr std::uint32_t kUnmask = 1u << 30;
inline constexpr unsigned kMostDelay = 0x7fff;

inline constexpr unsigned kMostDescriptors = 19;   // of a packet, either way
inline constexpr unsigned kMostQueues = 128;       // pairs
inline constexpr unsigned kLeastRing = 256;        // entries, of rings that are made smaller for want of resources
inline constexpr std::size_t kMostFrame = 0xffff;  // bytes given to the device in one packet

}  // namespace cardvp::host::ena
