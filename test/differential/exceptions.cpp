#include "test/differential/exceptions.h"

namespace cardvp::arm::differential {

namespace {

using enum Exemption;

constexpr std::uint32_t kFz = 1u << 24;  // FPCR.FZ

constexpr Exception kExceptions[] = {
    {kNotGenerated, 0xff000000, 0xd4000000, "SVC, HVC, SMC, BRK: exceptions belong to the architecture layer"},
    {kNotGenerated, 0xffd00000, 0xd5100000, "MSR (register), MRS: the architecture layer's"},
    {kNotGenerated, 0xffd80000, 0xd5080000, "SYS, SYSL: the architecture layer's"},
    {kNotGenerated, 0xfff8f01f, 0xd500401f, "MSR (immediate): the architecture layer's"},
    {kNotGenerated, 0xffe0ffff, 0xd68003e0, "ERET, DRPS: the architecture layer's"},
    {kNotImplemented, 0x3f000000, 0x08000000, "loads and stores exclusive whose should-be-one fields are not ones"},
    {kNotImplemented, 0xff600000, 0x9b400000, "SMULH, UMULH whose should-be-one fields are not ones"},
    {kNotImplemented, 0x9f20fc00, 0x0e205c00, "SQRSHL, UQRSHL"},
    {kNotImplemented, 0xdf20fc00, 0x5e205c00, "SQRSHL, UQRSHL (scalar)"},
    {kNotImplemented, 0xbf20dc00, 0x0e209000, "SQDMLAL, SQDMLSL"},
    {kNotImplemented, 0xff20dc00, 0x5e209000, "SQDMLAL, SQDMLSL (scalar)"},
    {kNotImplemented, 0xff20fc00, 0x5e20d000, "SQDMULL (scalar)"},
    {kNotImplemented, 0xbf00b400, 0x0f003000, "SQDMLAL, SQDMLSL (by element)"},
    {kNotImplemented, 0xff00b400, 0x5f003000, "SQDMLAL, SQDMLSL (scalar, by element)"},
    {kNotImplemented, 0xdf80fc00, 0x5f009c00, "SQRSHRN, UQRSHRN (scalar)"},
    {kNotImplemented, 0xff80fc00, 0x7f008c00, "SQRSHRUN (scalar)"},

    // Later versions of the architecture, and extensions that the ID registers deny.
    {kExtension, 0x3f000000, 0x08000000, "Armv8.1: compare and swap, limited ordering"},
    {kExtension, 0x3f200c00, 0x38200000, "Armv8.1: atomics; Armv8.3: LDAPR"},
    {kExtension, 0x3f200400, 0x38200400, "Armv8.3: LDRAA, LDRAB"},
    {kExtension, 0x9f208400, 0x0e008400, "Armv8.1: SQRDMLxH; Armv8.2: dot product; Armv8.3: complex numbers"},
    {kExtension, 0xdf208400, 0x5e008400, "Armv8.1: SQRDMLxH (scalar)"},
    {kExtension, 0xbf00d400, 0x2f00d000, "Armv8.1: SQRDMLxH (by element)"},
    {kExtension, 0xff00d400, 0x7f00d000, "Armv8.1: SQRDMLxH (scalar, by element)"},
    {kExtension, 0x9f00f400, 0x0f00e000, "Armv8.2: dot product (by element)"},
    {kExtension, 0xbf009400, 0x2f001000, "Armv8.3: FCMLA (by element)"},
    {kExtension, 0x7ec00000, 0x1ec00000, "Armv8.2: half precision"},
    {kExtension, 0x9f60c400, 0x0e400400, "Armv8.2: half precision (three same)"},
    {kExtension, 0xdf60c400, 0x5e400400, "Armv8.2: half precision (scalar three same)"},
    {kExtension, 0x9f7e0c00, 0x0e780800, "Armv8.2: half precision (two-register miscellaneous)"},
    {kExtension, 0xdf7e0c00, 0x5e780800, "Armv8.2: half precision (scalar two-register miscellaneous)"},
    {kExtension, 0xbf7fcc00, 0x0e30c800, "Armv8.2: half precision (across lanes)"},
    {kExtension, 0xff7fcc00, 0x5e30c800, "Armv8.2: half precision (scalar pairwise)"},
    {kExtension, 0x8fc00400, 0x0f000000, "Armv8.2: half precision (by element)"},
    {kExtension, 0x8ff0e400, 0x0f10e400, "Armv8.2: half precision (conversions with a fixed point)"},
    {kExtension, 0x9ff8fc00, 0x0f00fc00, "Armv8.2: half precision (FMOV)"},
    {kExtension, 0xff3e0c00, 0x4e280800, "AES"},
    {kExtension, 0xbfe0fc00, 0x0ee0e000, "PMULL of 64 bits"},
    {kExtension, 0xff208c00, 0x5e000000, "SHA1, SHA256"},
    {kExtension, 0xff3e0c00, 0x5e280800, "SHA1, SHA256"},
    {kExtension, 0xff000000, 0xce000000, "Armv8.2: SHA512, SHA3, SM3, SM4"},
    {kExtension, 0xffe07c10, 0xba000400, "Armv8.4: RMIF"},
    {kExtension, 0xffffbc1f, 0x3a00080d, "Armv8.4: SETF8, SETF16"},
    {kExtension, 0xffff0000, 0xdac10000, "Armv8.3: pointer authentication"},
    {kExtension, 0xffe0fc00, 0x9ac03000, "Armv8.3: pointer authentication"},

    // FPSR: Dynarmic's is what the host's instructions left in MXCSR. Integer instructions set none of these bits.
    {kStatus, 0x0e000000, 0x0e000000, "flushed operands set no IDC, flushed results IXC besides UFC", kFpExceptions,
     kFz},
    {kStatus, 0xff207c00, 0x1e204000, "FRINTx (FRINTX apart) sets IXC, conversions between formats no IOC",
     kFpExceptions},
    {kStatus, 0x7f20fc00, 0x1e200000, "conversions to integers: other host instructions than the manual's steps",
     kFpExceptions},
    {kStatus, 0x7f200000, 0x1e000000, "conversions with a fixed point: likewise", kFpExceptions},
    {kStatus, 0xff200c00, 0x1e200400, "FCCMP, FCCMPE compare even where the condition fails", kFpExceptions},
    {kStatus, 0x8f3e0c00, 0x0e200800, "vectors: FRINTx, conversions, estimates: as above; lanes above 64 bits count",
     kFpExceptions},
    {kStatus, 0x8f800400, 0x0f000400, "vectors: conversions with a fixed point", kFpExceptions},
    {kStatus, 0x8f3e0c00, 0x0e300800, "FMAXV, FMAXP and the like: a quiet NaN sets IOC", kFpExceptions},
    {kStatus, 0x8f20fc00, 0x0e20c400, "FMAXNM, FMINNM: a quiet NaN sets IOC", kFpExceptions},
    {kStatus, 0x8f20fc00, 0x0e20f400, "FMAX, FMIN: a quiet NaN sets IOC", kFpExceptions},
    {kStatus, 0x8f20fc00, 0x0e20fc00, "FRECPS, FRSQRTS, FDIV: infinity times 0, and 0 by 0 above 64 bits, set IOC",
     kFpExceptions},
    {kStatus, 0xafa0fc00, 0x0e20dc00, "FMULX: infinity times 0 sets IOC", kFpExceptions},
    {kStatus, 0xaf00f400, 0x2f009000, "FMULX (by element): infinity times 0 sets IOC", kFpExceptions},
};

}  // namespace

std::span<const Exception> exceptions() { return kExceptions; }

const Exception* find_exception(Exemption exemption, std::uint32_t word) {
  for (const Exception& exception : kExceptions)
    if (exception.exemption == exemption && (word & exception.mask) == exception.value) return &exception;
  return nullptr;
}

std::uint32_t ignored_status(std::uint32_t word, std::uint32_t fpcr) {
  std::uint32_t result = 0;
  for (const Exception& exception : kExceptions)
    if (exception.exemption == Exemption::kStatus && (word & exception.mask) == exception.value &&
        (fpcr & exception.fpcr) == exception.fpcr)
      result |= exception.status;
  return result;
}

}  // namespace cardvp::arm::differential
