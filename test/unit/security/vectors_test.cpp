// NIST's and the RFCs' test vectors, all of those of Debian's python3-cryptography-vectors for what the engine has,
// through its registers: keys come in wrapped under the transport key, by UNWRAP.
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "test/unit/security/vectors.h"

namespace cardvp::security {
namespace {

constexpr unsigned kFirstSlot = SECURITY_FIRST_FREE_SLOT;
constexpr std::size_t kPerRun = 60;  // cases with up to four slots each

struct VectorsTest : testing::Test {
  SecurityMachine machine;
  std::unique_ptr<Batch> batch;  // made by SetUp: it writes registers
  std::size_t cases = 0;         // that ran
  std::size_t apart = 0;         // that cannot be expressed here, and why is the test's business

  void SetUp() override { batch = std::make_unique<Batch>(machine, 1, 256); }
  void TearDown() override {
    std::printf("%zu cases ran", cases);
    if (apart != 0) std::printf(", %zu counted apart", apart);
    std::printf("\n");
    EXPECT_GT(cases, 0u);
  }
  void empty_slots() {
    for (unsigned slot = kFirstSlot; slot < EngineConfig{}.slots; ++slot)
      if (machine.slot_status(slot) & 1) machine.set(offset::SLOT_DESTROY, slot);
  }

  // Runs cases in groups: `add` gives a group's descriptors to the batch, with slots from `slot` on, and returns what
  // checks it afterwards.
  using Check = std::function<void()>;
  void run_all(const std::vector<VectorCase>& all, const std::function<Check(const VectorCase&, unsigned slot)>& add) {
    for (std::size_t begin = 0; begin < all.size(); begin += kPerRun) {
      std::vector<Check> checks;
      for (std::size_t i = begin; i < std::min(begin + kPerRun, all.size()); ++i)
        checks.push_back(add(all[i], kFirstSlot + 4 * static_cast<unsigned>(i - begin)));
      batch->run();
      for (const Check& check : checks)
        if (check) check();
      empty_slots();
      if (HasFailure()) return;
    }
  }
};

std::uint32_t size32(const Bytes& bytes) { return static_cast<std::uint32_t>(bytes.size()); }

void set_tweak(security_descriptor& descriptor, const VectorCase& vector) {
  if (vector.has("i")) {
    const Bytes tweak = vector.bytes("i");
    std::copy(tweak.begin(), tweak.end(), descriptor.tweak);
  } else {
    const std::uint64_t number = vector.number("DataUnitSeqNumber");
    for (unsigned i = 0; i < 8; ++i) descriptor.tweak[i] = static_cast<std::uint8_t>(number >> 8 * i);
  }
}

TEST_F(VectorsTest, AesXts) {
  for (const char* folder : {"tweak-128hexstr", "tweak-dataunitseqno"})
    for (const char* file : {"XTSGenAES128.rsp", "XTSGenAES256.rsp"})
      run_all(read_vectors(std::filesystem::path("ciphers/AES/XTS") / folder / file),
              [&](const VectorCase& vector, unsigned slot) -> Check {
                if (vector.number("DataUnitLen") % 8 != 0) {
                  ++apart;
                  return nullptr;
                }
                ++cases;
                const bool encrypt = vector.section.contains("ENCRYPT");
                const Bytes from = vector.bytes(encrypt ? "PT" : "CT");
                const Bytes to = vector.bytes(encrypt ? "CT" : "PT");
                const std::size_t key = batch->add_key(slot, vector.bytes("Key"), SECURITY_FOR_XTS);
                security_descriptor descriptor{};
                descriptor.operation = encrypt ? SECURITY_XTS_ENCRYPT : SECURITY_XTS_DECRYPT;
                descriptor.key_slot = static_cast<std::uint16_t>(slot);
                descriptor.source = batch->place(from);
                descriptor.source_size = descriptor.destination_size = size32(from);
                descriptor.destination = batch->place(from.size());
                set_tweak(descriptor, vector);
                const std::size_t work = batch->add(descriptor);
                return [this, key, work, to] {
                  EXPECT_EQ(batch->status(key), SECURITY_OK);
                  EXPECT_EQ(batch->status(work), SECURITY_OK);
                  EXPECT_EQ(machine.at(batch->done(work).destination, to.size()), to);
                };
              });
  // Data units of 130, 140 and 250 bits.
  EXPECT_EQ(apart, 1200u);
}

security_descriptor gcm(Batch& batch, security_operation operation, unsigned slot, const VectorCase& vector,
                        const Bytes& from) {
  security_descriptor descriptor{};
  descriptor.operation = static_cast<std::uint8_t>(operation);
  descriptor.key_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = batch.place(from);
  descriptor.source_size = descriptor.destination_size = size32(from);
  descriptor.destination = batch.place(Bytes(from.size(), 0xa5));
  const Bytes additional = vector.bytes("AAD"), iv = vector.bytes("IV");
  descriptor.first = batch.place(additional);
  descriptor.first_size = size32(additional);
  descriptor.second = batch.place(iv);
  descriptor.second_size = size32(iv);
  return descriptor;
}

TEST_F(VectorsTest, AesGcmEncrypt) {
  for (const char* bits : {"128", "192", "256"})
    run_all(read_vectors(std::string("ciphers/AES/GCM/gcmEncryptExtIV") + bits + ".rsp"),
            [&](const VectorCase& vector, unsigned slot) -> Check {
              ++cases;
              batch->add_key(slot, vector.bytes("Key"), SECURITY_FOR_GCM);
              const Bytes to = vector.bytes("CT"), tag = vector.bytes("Tag");
              security_descriptor descriptor = gcm(*batch, SECURITY_GCM_SEAL, slot, vector, vector.bytes("PT"));
              descriptor.tag = batch->place(tag.size());
              descriptor.tag_size = size32(tag);
              const std::size_t work = batch->add(descriptor);
              return [this, work, to, tag] {
                EXPECT_EQ(batch->status(work), SECURITY_OK);
                EXPECT_EQ(machine.at(batch->done(work).destination, to.size()), to);
                EXPECT_EQ(machine.at(batch->done(work).tag, tag.size()), tag);
              };
            });
}

TEST_F(VectorsTest, AesGcmDecrypt) {
  std::size_t refused = 0;
  for (const char* bits : {"128", "192", "256"})
    run_all(read_vectors(std::string("ciphers/AES/GCM/gcmDecrypt") + bits + ".rsp"),
            [&](const VectorCase& vector, unsigned slot) -> Check {
              ++cases;
              const bool fails = vector.has("FAIL");
              refused += fails;
              batch->add_key(slot, vector.bytes("Key"), SECURITY_FOR_GCM);
              const Bytes from = vector.bytes("CT"), tag = vector.bytes("Tag");
              // What must not change if the tag is wrong.
              const Bytes to = fails ? Bytes(from.size(), 0xa5) : vector.bytes("PT");
              security_descriptor descriptor = gcm(*batch, SECURITY_GCM_OPEN, slot, vector, from);
              descriptor.tag = batch->place(tag);
              descriptor.tag_size = size32(tag);
              const std::size_t work = batch->add(descriptor);
              return [this, work, to, fails] {
                EXPECT_EQ(batch->status(work), fails ? SECURITY_AUTH_FAILED : SECURITY_OK);
                EXPECT_EQ(machine.at(batch->done(work).destination, to.size()), to);
              };
            });
  std::printf("of them with a wrong tag: %zu\n", refused);
  EXPECT_GT(refused, 0u);
}

struct HashFiles {
  const char* name;
  security_hash algorithm;
};
constexpr HashFiles kHashes[] = {{"SHA224", SECURITY_SHA224},         {"SHA256", SECURITY_SHA256},
                                 {"SHA384", SECURITY_SHA384},         {"SHA512", SECURITY_SHA512},
                                 {"SHA512_224", SECURITY_SHA512_224}, {"SHA512_256", SECURITY_SHA512_256}};

TEST_F(VectorsTest, Sha2) {
  for (const HashFiles& files : kHashes)
    for (const char* kind : {"ShortMsg.rsp", "LongMsg.rsp"})
      run_all(read_vectors(std::string("hashes/SHA2/") + files.name + kind),
              [&](const VectorCase& vector, unsigned) -> Check {
                ++cases;
                const Bytes message = vector.bytes("Msg"), digest = vector.bytes("MD");
                security_descriptor descriptor{};
                descriptor.operation = SECURITY_HASH;
                descriptor.algorithm = static_cast<std::uint8_t>(files.algorithm);
                descriptor.source = batch->place(message);
                descriptor.source_size = static_cast<std::uint32_t>(vector.number("Len") / 8);
                descriptor.destination = batch->place(digest.size());
                descriptor.destination_size = size32(digest);
                const std::size_t work = batch->add(descriptor);
                return [this, work, digest] {
                  EXPECT_EQ(batch->status(work), SECURITY_OK);
                  EXPECT_EQ(machine.at(batch->done(work).destination, digest.size()), digest);
                };
              });
}

// SHAVS, 6.4. Each digest is of the three before it, which stand one behind another: a run of descriptors in a row
// does it, since they take effect in order.
TEST_F(VectorsTest, Sha2MonteCarlo) {
  for (const HashFiles& files : kHashes) {
    const std::vector<VectorCase> all = read_vectors(std::string("hashes/SHA2/") + files.name + "Monte.rsp");
    Bytes seed = all.at(0).bytes("Seed");
    for (std::size_t i = 1; i < all.size(); ++i) {
      ++cases;
      const std::size_t size = seed.size();
      const std::uint64_t digests = batch->place(1003 * size);
      for (unsigned n = 0; n < 3; ++n) machine.put(digests + n * size - SecurityMachine::kRam, seed);
      for (unsigned n = 0; n < 1000; ++n) {
        security_descriptor descriptor{};
        descriptor.operation = SECURITY_HASH;
        descriptor.algorithm = static_cast<std::uint8_t>(files.algorithm);
        descriptor.source = digests + n * size;
        descriptor.source_size = static_cast<std::uint32_t>(3 * size);
        descriptor.destination = digests + (n + 3) * size;
        descriptor.destination_size = static_cast<std::uint32_t>(size);
        batch->add(descriptor);
      }
      batch->run();
      seed = machine.at(digests + 1002 * size, size);
      ASSERT_EQ(seed, all[i].bytes("MD")) << files.name << " " << i;
    }
  }
}

TEST_F(VectorsTest, Hmac) {
  const std::pair<const char*, security_hash> files[] = {
      {"224", SECURITY_SHA224}, {"256", SECURITY_SHA256}, {"384", SECURITY_SHA384}, {"512", SECURITY_SHA512}};
  for (const auto& [bits, algorithm] : files)
    for (const VectorCase& vector : read_vectors(std::string("HMAC/rfc-4231-sha") + bits + ".txt")) {
      ++cases;
      machine.replace(kFirstSlot, vector.bytes("Key"), SECURITY_FOR_HMAC);
      const Bytes message = vector.bytes("Msg"), mac = vector.bytes("MD");
      security_descriptor descriptor{};
      descriptor.operation = SECURITY_HMAC;
      descriptor.algorithm = static_cast<std::uint8_t>(algorithm);
      descriptor.key_slot = kFirstSlot;
      descriptor.source = machine.put(Places::kSource, message);
      descriptor.source_size = static_cast<std::uint32_t>(vector.number("Len") / 8);
      descriptor.destination = SecurityMachine::kRam + Places::kDestination;
      descriptor.destination_size = size32(mac);
      EXPECT_EQ(machine.run(descriptor), SECURITY_OK);
      EXPECT_EQ(machine.at(descriptor.destination, mac.size()), mac);
    }
}

TEST_F(VectorsTest, Hkdf) {
  for (const char* file : {"KDF/rfc-5869-HKDF-SHA256.txt", "KDF/hkdf-generated.txt"})
    for (const VectorCase& vector : read_vectors(file, true)) {
      ASSERT_EQ(vector.text("Hash"), "SHA-256");
      ++cases;
      machine.replace(kFirstSlot, vector.bytes("IKM"), SECURITY_FOR_DERIVE_PUBLIC);
      const Bytes salt = vector.bytes("salt"), info = vector.bytes("info"), made = vector.bytes("OKM");
      security_descriptor descriptor{};
      descriptor.operation = SECURITY_HKDF;
      descriptor.algorithm = SECURITY_SHA256;
      descriptor.flags = SECURITY_TO_MEMORY;
      descriptor.key_slot = kFirstSlot;
      descriptor.first = machine.put(Places::kFirst, salt);
      descriptor.first_size = size32(salt);
      descriptor.second = machine.put(Places::kSecond, info);
      descriptor.second_size = size32(info);
      descriptor.destination = SecurityMachine::kRam + Places::kDestination;
      descriptor.destination_size = static_cast<std::uint32_t>(vector.number("L"));
      EXPECT_EQ(machine.run(descriptor), SECURITY_OK);
      EXPECT_EQ(machine.at(descriptor.destination, made.size()), made);
    }
}

struct SignatureHash {
  const char* name;
  const EVP_MD* (*make)();
};
constexpr SignatureHash kSignatureHashes[] = {{"SHA-1", EVP_sha1},
                                              {"SHA-224", EVP_sha224},
                                              {"SHA-256", EVP_sha256},
                                              {"SHA-384", EVP_sha384},
                                              {"SHA-512", EVP_sha512}};

Bytes digest_of(const Bytes& message, const std::string& name) {
  for (const SignatureHash& hash : kSignatureHashes)
    if (name == hash.name) {
      Bytes digest(static_cast<std::size_t>(EVP_MD_get_size(hash.make())));
      EXPECT_EQ(EVP_Digest(message.data(), message.size(), digest.data(), nullptr, hash.make(), nullptr), 1);
      return digest;
    }
  throw std::runtime_error("a digest that is not known: " + name);
}

TEST_F(VectorsTest, EcdsaVerify) {
  std::size_t refused = 0;
  std::map<std::string, unsigned> by_kind;
  for (const VectorCase& vector : read_vectors("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp")) {
    const std::string& kind = vector.section.begin()->first;  // "P-256,SHA-1"
    const bool p256 = kind.starts_with("P-256,");
    if (!p256 && !kind.starts_with("P-384,")) continue;
    ++cases;
    ++by_kind[kind];
    const std::size_t size = p256 ? 32 : 48;
    const auto padded = [size](Bytes number) {
      number.insert(number.begin(), size - std::min(size, number.size()), 0);
      return number;
    };
    const auto both = [&](const char* a, const char* b) {
      Bytes pair = padded(vector.bytes(a));
      const Bytes second = padded(vector.bytes(b));
      pair.insert(pair.end(), second.begin(), second.end());
      return pair;
    };
    const Bytes digest = digest_of(vector.bytes("Msg"), kind.substr(6));
    security_descriptor descriptor{};
    descriptor.operation = SECURITY_ECDSA_VERIFY;
    descriptor.algorithm = p256 ? SECURITY_P256 : SECURITY_P384;
    descriptor.source = machine.put(Places::kSource, digest);
    descriptor.source_size = size32(digest);
    descriptor.first = machine.put(Places::kFirst, both("Qx", "Qy"));
    descriptor.second = machine.put(Places::kSecond, both("R", "S"));
    descriptor.first_size = descriptor.second_size = static_cast<std::uint32_t>(2 * size);
    const bool passes = vector.text("Result").starts_with("P");
    refused += !passes;
    const security_status status = machine.run(descriptor);
    if (passes)
      EXPECT_EQ(status, SECURITY_OK) << kind;
    else
      EXPECT_TRUE(status == SECURITY_BAD_SIGNATURE || status == SECURITY_BAD_KEY) << kind << " " << status;
  }
  std::printf("of them to be refused: %zu\n", refused);
  EXPECT_EQ(by_kind.size(), 10u);
  EXPECT_GT(refused, 0u);
}

constexpr const char* kKeyBits[] = {"128", "192", "256"};

// Keys of 512 bytes are in no slot.
bool fits_a_slot(const VectorCase& vector) { return std::stoul(vector.section.at("PLAINTEXT LENGTH")) / 8 <= 255; }

struct KeyWrapTest : VectorsTest {
  void wrap(const char* prefix, bool padded) {
    for (const char* bits : kKeyBits)
      run_all(read_vectors(std::string("keywrap/kwtestvectors/") + prefix + "_AE_" + bits + ".txt"),
              [&](const VectorCase& vector, unsigned slot) -> Check {
                if (!fits_a_slot(vector)) {
                  ++apart;
                  return nullptr;
                }
                ++cases;
                batch->add_key(slot, vector.bytes("K"), SECURITY_FOR_WRAP);
                batch->add_key(slot + 1, vector.bytes("P"), SECURITY_FOR_EXPORT);
                const Bytes wrapped = vector.bytes("C");
                const std::size_t work = batch->add(export_of(slot + 1, slot, padded, wrapped.size()));
                return [this, work, wrapped] {
                  EXPECT_EQ(batch->status(work), SECURITY_OK);
                  EXPECT_EQ(batch->done(work).result_size, wrapped.size());
                  EXPECT_EQ(machine.at(batch->done(work).destination, wrapped.size()), wrapped);
                };
              });
  }

  // What was unwrapped is seen by wrapping it under a key that the test has.
  void unwrap(const char* prefix, bool padded) {
    const Bytes known = pattern(32, 5);
    const auto crypto = make_openssl_crypto();
    std::size_t refused = 0;
    for (const char* bits : kKeyBits)
      run_all(read_vectors(std::string("keywrap/kwtestvectors/") + prefix + "_AD_" + bits + ".txt"),
              [&](const VectorCase& vector, unsigned slot) -> Check {
                if (!fits_a_slot(vector)) {
                  ++apart;
                  return nullptr;
                }
                ++cases;
                const bool fails = vector.has("FAIL");
                refused += fails;
                const Bytes wrapped = vector.bytes("C");
                batch->add_key(slot, vector.bytes("K"), SECURITY_FOR_UNWRAP);
                batch->add_key(slot + 1, known, SECURITY_FOR_WRAP);
                security_descriptor descriptor{};
                descriptor.operation = SECURITY_UNWRAP;
                descriptor.flags = padded ? SECURITY_PADDED : 0;
                descriptor.key_slot = static_cast<std::uint16_t>(slot);
                descriptor.result_slot = static_cast<std::uint16_t>(slot + 2);
                descriptor.source = batch->place(wrapped);
                descriptor.source_size = size32(wrapped);
                descriptor.purpose = SECURITY_FOR_EXPORT;
                const std::size_t work = batch->add(descriptor);
                Bytes expected;
                if (!fails) {
                  const Bytes key = vector.bytes("P");
                  expected.resize(wrapped_bytes(key.size()));
                  crypto->wrap(std::as_bytes(std::span(known)), std::as_bytes(std::span(key)), true,
                               std::as_writable_bytes(std::span(expected)));
                }
                const std::size_t seen = batch->add(export_of(slot + 2, slot + 1, true, 264));
                return [this, work, seen, expected, fails, slot] {
                  EXPECT_EQ(batch->status(work), fails ? SECURITY_BAD_KEY : SECURITY_OK);
                  EXPECT_EQ(batch->status(seen), fails ? SECURITY_BAD_SLOT : SECURITY_OK);
                  EXPECT_EQ(batch->done(seen).result_size, expected.size());
                  EXPECT_EQ(machine.at(batch->done(seen).destination, expected.size()), expected);
                };
              });
    std::printf("of them to be refused: %zu\n", refused);
    EXPECT_GT(refused, 0u);
  }

  security_descriptor export_of(unsigned slot, unsigned by, bool padded, std::size_t size) {
    security_descriptor descriptor{};
    descriptor.operation = SECURITY_WRAP;
    descriptor.flags = padded ? SECURITY_PADDED : 0;
    descriptor.key_slot = static_cast<std::uint16_t>(by);
    descriptor.result_slot = static_cast<std::uint16_t>(slot);
    descriptor.destination = batch->place(size);
    descriptor.destination_size = static_cast<std::uint32_t>(size);
    return descriptor;
  }
};

TEST_F(KeyWrapTest, Wrap) { wrap("KW", false); }
TEST_F(KeyWrapTest, Unwrap) { unwrap("KW", false); }
TEST_F(KeyWrapTest, WrapPadded) { wrap("KWP", true); }
TEST_F(KeyWrapTest, UnwrapPadded) { unwrap("KWP", true); }

}  // namespace
}  // namespace cardvp::security
