// cardvp_differential: random instruction sequences on the interpreter and on Dynarmic, in one process.
//
// Each sequence of up to 32 instructions, drawn from the decoder's own table of encodings, runs from many random
// states on both engines. Registers, flags, FPSR, memory and the way it ended must be the same; a difference is shrunk
// and printed with the command that replays it. Then single words of every kind are tried for being undefined on both
// sides or on neither. The exit status is 1 if anything differed, or if an encoding never ran.
//
// docs/differential-testing.md tells how to work with it, and what is not compared.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <set>
#include <systemc>

#include "test/differential/comparison.h"
#include "test/differential/exceptions.h"
#include "test/differential/generator.h"
#include "test/differential/shrink.h"

namespace cardvp::arm::differential {

namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t instructions = 1'000'000;
  std::uint64_t undefined = 50'000;
  std::uint64_t states = 32;
  std::size_t differences = 10;
  std::string only;
  std::string words;
  std::string state;
  std::uint32_t offset = 0;
};

class Campaign {
 public:
  explicit Campaign(const Options& options) : options_(options), generator_(options.seed, options.only) {}

  void run_sequences();
  void run_undefined();
  // Prints the figures; whether there was nothing to complain of.
  bool report() const;

 private:
  bool enough() const { return found_.size() >= options_.differences; }
  void run_sequence(Sequence sequence);
  void found(const Case& failing);

  Options options_;
  Generator generator_;
  Comparison comparison_;
  std::map<std::string, std::uint64_t> executed_;      // instructions, by encoding
  std::map<std::string, std::uint64_t> incomparable_;  // words, by encoding
  std::uint64_t total_ = 0;
  std::uint64_t sequences_ = 0;
  std::uint64_t words_ = 0;      // tried for being undefined
  std::set<std::string> found_;  // what stands for each difference: the last instruction's encoding and mnemonic
};

const char* encoding_name(std::uint32_t word) {
  const interpreter::Encoding* const encoding = interpreter::find_encoding(word);
  return encoding ? encoding->name : "none";
}

void Campaign::run_sequences() {
  while (total_ < options_.instructions && !enough()) {
    run_sequence(generator_.sequence());
    ++sequences_;
  }
}

void Campaign::run_sequence(Sequence sequence) {
  comparison_.load(sequence);
  std::vector<std::uint64_t> counts(sequence.words.size());
  for (std::uint64_t i = 0; i < options_.states; ++i) {
    const State state = generator_.state();
    if (comparison_.run(state)) return found({sequence, state});
    if (const auto word = comparison_.incomparable_word()) {
      // The rest of the sequence is as good as it was.
      ++incomparable_[encoding_name(*word)];
      std::erase(sequence.words, *word);
      if (sequence.words.empty()) return;
      comparison_.load(sequence);
      counts.assign(sequence.words.size(), 0);
      continue;
    }
    for (std::size_t n = 0; n < counts.size(); ++n) counts[n] += comparison_.counts()[n];
  }
  for (std::size_t n = 0; n < counts.size(); ++n) {
    executed_[encoding_name(sequence.words[n])] += counts[n];
    total_ += counts[n];
  }
}

void Campaign::found(const Case& failing) {
  const Case least = shrink(comparison_, failing);
  comparison_.load(least.sequence);
  const auto difference = comparison_.run(least.state);
  const std::uint32_t last = least.sequence.words.back();
  std::string text = disassemble(last, 0);
  const std::string key = fmt::format("{} {}", encoding_name(last), text.substr(0, text.find(' ')));
  if (!found_.insert(key).second) return;
  fmt::print("difference: {}\n{}\n", key, describe(least, difference.value_or(Difference{"  only in the sequence\n"})));
  std::fflush(stdout);
}

void Campaign::run_undefined() {
  for (; words_ < options_.undefined && !enough(); ++words_) {
    const std::uint32_t word = generator_.any_word();
    if (find_exception(Exemption::kNotGenerated, word)) continue;
    const bool ours = interpreter::decode(word, 0).op == interpreter::Op::Undefined;
    const Stop stop = comparison_.reference_stop(word);
    const bool reference = stop == Stop::kUndefined || stop == Stop::kNotImplemented;
    if (ours == reference || stop == Stop::kUnpredictable) continue;
    if (find_exception(ours ? Exemption::kExtension : Exemption::kNotImplemented, word)) continue;
    const std::string text = disassemble(word, 0);
    const std::string key = fmt::format("{} {} {}", encoding_name(word), ours, text.substr(0, text.find(' ')));
    if (found_.insert(key).second)
      fmt::print("difference: {:08x} ({}, {}) is {} for us; reference: {}\n", word, text, encoding_name(word),
                 ours ? "undefined" : "defined", name(stop));
  }
}

bool Campaign::report() const {
  bool complete = true;
  fmt::print("{:<28} {:>12} {:>14}\n", "encoding", "executed", "incomparable");
  for (const interpreter::Encoding& encoding : interpreter::encodings()) {
    if (!options_.only.empty() && options_.only != encoding.name) continue;
    const auto executed = executed_.find(encoding.name), incomparable = incomparable_.find(encoding.name);
    const std::uint64_t count = executed == executed_.end() ? 0 : executed->second;
    const bool generated = is_generated(encoding), unknown = incomparable != incomparable_.end();
    fmt::print("{:<28} {:>12} {:>14}{}\n", encoding.name, count,
               incomparable == incomparable_.end() ? 0 : incomparable->second,
               !generated ? "  not generated"
               : count    ? ""
               : unknown  ? "  unknown to the reference"
                          : "  never ran");
    complete &= !generated || unknown || count > 0;
  }
  fmt::print("seed {}: {} instructions in {} sequences, {} words tried for being undefined, {} differences\n",
             options_.seed, total_, sequences_, words_, found_.size());
  return complete && found_.empty();
}

int replay(const Options& options) {
  Case given;
  given.sequence.offset = options.offset;
  std::string_view words = options.words;
  while (words.size() >= 8) {
    given.sequence.words.push_back(
        static_cast<std::uint32_t>(std::stoul(std::string(words.substr(0, 8)), nullptr, 16)));
    words.remove_prefix(std::min<std::size_t>(words.size(), 9));
  }
  if (given.sequence.words.empty() || !from_text(options.state, given.state) ||
      given.sequence.offset + 4 * given.sequence.words.size() > Memory::kCodeSize) {
    fmt::print(stderr, "cardvp_differential: --words or --state cannot be understood\n");
    return 2;
  }
  given.state.pc = given.sequence.address();
  Comparison comparison;
  comparison.load(given.sequence);
  const auto difference = comparison.run(given.state);
  fmt::print("{}", describe(given, difference.value_or(Difference{"  no difference\n"})));
  return difference ? 1 : 0;
}

}  // namespace

}  // namespace cardvp::arm::differential

int main(int argc, char** argv) {
  using namespace cardvp::arm::differential;
  Options options;
  CLI::App app{"Random instruction sequences on the interpreter and on Dynarmic"};
  app.add_option("--seed", options.seed, "of the random numbers")->capture_default_str();
  app.add_option("--instructions", options.instructions, "to execute in sequences")->capture_default_str();
  app.add_option("--undefined", options.undefined, "single words to try")->capture_default_str();
  app.add_option("--states", options.states, "that each sequence runs from")->capture_default_str();
  app.add_option("--class", options.only, "one encoding (models/arm/interpreter/encodings.def) instead of all");
  app.add_option("--differences", options.differences, "after which to stop")->capture_default_str();
  app.add_option("--words", options.words, "replay: instruction words, hexadecimal");
  app.add_option("--state", options.state, "replay: registers that are not 0, x1=0x2 v3=0x1:0x2 nzcv=4");
  app.add_option("--offset", options.offset, "replay: of the first word in the code, bytes")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!options.words.empty()) return replay(options);

  Campaign campaign(options);
  campaign.run_sequences();
  campaign.run_undefined();
  return campaign.report() ? 0 : 1;
}

// SystemC's library asks for it; nothing here simulates time.
int sc_main(int, char*[]) { return 0; }
