// The parts of configuration space that host software uses (PCI Express Base Specification 4.0, 7.5).
#pragma once

#include <cstdint>

namespace cardvp::host::pci {

inline constexpr std::uint16_t kVendor = 0x00;
inline constexpr std::uint16_t kCommand = 0x04;
inline constexpr std::uint16_t kStatus = 0x06;
inline constexpr std::uint16_t kRevision = 0x08;
inline constexpr std::uint16_t kHeaderType = 0x0e;
inline constexpr std::uint16_t kBar0 = 0x10;
inline constexpr std::uint16_t kSubsystem = 0x2c;
inline constexpr std::uint16_t kCapabilities = 0x34;

inline constexpr std::uint16_t kCommandMemory = 1 << 1;
inline constexpr std::uint16_t kCommandBusMaster = 1 << 2;
inline constexpr std::uint16_t kCommandNoIntx = 1 << 10;
inline constexpr std::uint16_t kStatusCapabilities = 1 << 4;

inline constexpr std::uint8_t kCapabilityPower = 0x01;
inline constexpr std::uint8_t kCapabilityPcie = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;

// From the start of the PCI Express capability
inline constexpr std::uint16_t kDeviceCapabilities = 0x04;
inline constexpr std::uint16_t kDeviceControl = 0x08;
inline constexpr std::uint32_t kDeviceCapabilitiesFlr = 1u << 28;
inline constexpr std::uint16_t kDeviceControlFlr = 1 << 15;

// From the start of the MSI-X capability
inline constexpr std::uint16_t kMsixControl = 0x02;
inline constexpr std::uint16_t kMsixTable = 0x04;
inline constexpr std::uint16_t kMsixPending = 0x08;
inline constexpr std::uint16_t kMsixEnable = 1 << 15;
inline constexpr unsigned kMsixEntry = 16;  // bytes: address, data, vector control (bit 0: masked)

// Extended capabilities: id in bits 15:0, the next one's offset in bits 31:20
inline constexpr std::uint16_t kExtended = 0x100;
inline constexpr std::uint16_t kExtendedEnd = 0x1000;
inline constexpr std::uint16_t kExtendedSriov = 0x0010;

// From the start of the SR-IOV capability (9.3.3)
inline constexpr std::uint16_t kSriovControl = 0x08;
inline constexpr std::uint16_t kSriovTotal = 0x0e;
inline constexpr std::uint16_t kSriovCount = 0x10;
inline constexpr std::uint16_t kSriovFirst = 0x14;
inline constexpr std::uint16_t kSriovStride = 0x16;
inline constexpr std::uint16_t kSriovDevice = 0x1a;
inline constexpr std::uint16_t kSriovPageSize = 0x20;
inline constexpr std::uint16_t kSriovBar0 = 0x24;
inline constexpr std::uint16_t kSriovEnable = 1 << 0;
inline constexpr std::uint16_t kSriovMemory = 1 << 3;
inline constexpr std::uint16_t kSriovAriHierarchy = 1 << 4;
inline constexpr std::uint32_t kSriovPage4k = 1;

}  // namespace cardvp::host::pci
