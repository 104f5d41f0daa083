#include "platform/key_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <span>
#include <system_error>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "models/security/device_keys.h"
#include "platform/hex.h"

namespace cardvp {
namespace {

// A volume's is for AES-256-XTS: two keys of 32 bytes, which must differ. That of the packets between cards is what
// their keys are derived from.
constexpr std::size_t kVolumeKey = 64, kTransitKey = 32;

// Gone when it goes out of scope.
struct Key {
  Key() = default;
  ~Key() { OPENSSL_cleanse(memory.data(), memory.size()); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  bool usable() const {
    const auto half = memory.begin() + kVolumeKey / 2;
    return size == kTransitKey || (size == kVolumeKey && !std::equal(memory.begin(), half, half));
  }
  std::span<const std::uint8_t> bytes() const { return {memory.data(), size}; }

  std::array<std::uint8_t, kVolumeKey> memory{};
  std::size_t size = 0;
};

[[noreturn]] void fail(const std::string& file) {
  throw std::runtime_error(fmt::format("{}: {}", file, std::generic_category().message(errno)));
}

void new_key(const std::string& file, std::size_t size) {
  Key key;
  key.size = size;
  do {
    if (RAND_bytes(key.memory.data(), static_cast<int>(size)) != 1)
      throw std::runtime_error("OpenSSL has no random bytes");
  } while (!key.usable());
  // A key that is there already is not replaced: what it encrypts would be lost.
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) fail(file);
  const bool written = ::write(out, key.memory.data(), size) == static_cast<ssize_t>(size);
  if (::close(out) != 0 || !written) fail(file);
}

void read_key(const std::string& file, Key& key) {
  const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) fail(file);
  const ssize_t size = ::read(in, key.memory.data(), kVolumeKey);
  key.size = size < 0 ? 0 : static_cast<std::size_t>(size);
  std::uint8_t more = 0;
  const bool whole = ::read(in, &more, 1) == 0;
  ::close(in);
  if (!whole || !key.usable())
    throw std::runtime_error(
        fmt::format("{}: expected a volume's key, {} bytes whose halves differ, or a transit key, {} bytes, as `cardvp "
                    "key new` makes them",
                    file, kVolumeKey, kTransitKey));
}

memory::FusesConfig fuses_of(const KeyArguments& arguments) {
  if (!arguments.scenario.file.empty()) {
    for (const scenarios::ServerScenario& server : load(arguments.scenario).servers)
      if (server.name == arguments.server) return server.card.fuses;
    throw std::invalid_argument(
        fmt::format("--server {}: expected the name of one of the scenario's servers", arguments.server));
  }
  memory::FusesConfig fuses;
  const auto secret = platform::from_hex(arguments.device_secret);
  if (!arguments.card_id || !secret || secret->size() != fuses.device_secret.size())
    throw std::invalid_argument(
        fmt::format("expected --scenario, or --card-id and --device-secret with {} hexadecimal digits",
                    2 * fuses.device_secret.size()));
  fuses.card_id = *arguments.card_id;
  std::copy(secret->begin(), secret->end(), fuses.device_secret.begin());
  return fuses;
}

void wrap_key(const KeyArguments& arguments) {
  const memory::FusesConfig fuses = fuses_of(arguments);
  Key key;
  read_key(arguments.file, key);
  fmt::print("{}\n", platform::to_hex(security::wrap_for_card(fuses, key.bytes())));
}

void print_attestation_key(const KeyArguments& arguments) {
  const auto raw = security::attestation_public_key(fuses_of(arguments));
  std::array<std::uint8_t, 1 + raw.size()> point{4};  // uncompressed
  std::copy(raw.begin(), raw.end(), point.begin() + 1);
  char group[] = "P-384";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                             OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  const bool good = EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, &EVP_PKEY_free);
  if (!good || PEM_write_PUBKEY(stdout, key.get()) != 1) throw std::runtime_error("OpenSSL cannot print the key");
}

void add_card_options(CLI::App& command, KeyArguments& arguments) {
  CLI::Option* const scenario =
      command.add_option("--scenario", arguments.scenario.file, "The card of this scenario")->type_name("FILE");
  add_override_option(command, arguments.scenario);
  command.add_option("--server", arguments.server, "Of a scenario with several servers: whose card")
      ->type_name("NAME")
      ->needs(scenario);
  CLI::Option* const card =
      command.add_option("--card-id", arguments.card_id, "The card of this number (/card/fuses/card_id)")
          ->type_name("N");
  CLI::Option* const secret = command
                                  .add_option("--device-secret", arguments.device_secret,
                                              "Its secret (/card/fuses/device_secret), 64 hexadecimal digits")
                                  ->type_name("HEX");
  for (CLI::Option* const option : {card, secret}) option->excludes(scenario);
}

}  // namespace

CLI::App* add_key_command(CLI::App& app, KeyArguments& arguments) {
  CLI::App* const command = app.add_subcommand("key",
                                               "Make keys of encrypted volumes and of traffic between cards, wrap them "
                                               "for a card, print a card's attestation key");
  command->require_subcommand(1);
  CLI::App* const make = command->add_subcommand("new", "Make a volume's key, 64 random bytes in a new file");
  make->add_flag("--transit", arguments.transit,
                 "Make the key that those of traffic between cards come from, 32 random bytes");
  make->add_option("FILE", arguments.file, "The file; its user's alone, and not replaced if it is there")->required();
  CLI::App* const wrap = command->add_subcommand(
      "wrap", "Wrap a key for a card, and print it: a volume's wrapped_key, or the network's transit_key");
  wrap->add_option("FILE", arguments.file, "The key's file")->required();
  add_card_options(*wrap, arguments);
  CLI::App* const attestation =
      command->add_subcommand("attestation", "Print the public key, PEM, that verifies a card's quotes");
  add_card_options(*attestation, arguments);
  return command;
}

void run_key_command(const CLI::App& command, const KeyArguments& arguments) {
  if (command.got_subcommand("new")) new_key(arguments.file, arguments.transit ? kTransitKey : kVolumeKey);
  if (command.got_subcommand("wrap")) wrap_key(arguments);
  if (command.got_subcommand("attestation")) print_attestation_key(arguments);
}

}  // namespace cardvp
